"""The built-in templates in English. Each is one shot of 5 to 10 seconds: subject, movement, place, camera, light."""

from __future__ import annotations

from prompts.models import Category
from prompts.templates.rendering import Variable
from prompts.templates.shorthand import one_of, template_in, words

__all__ = ["ENGLISH"]

template = template_in("en")
PHOTO = Variable(name="photo", label="Product photo", kind="image")
PRODUCT = words("name", "Product", "a walnut coffee grinder")
FEATURES = words("features", "What to show of it", "brass crank, visible burr, soft matte finish")
PLACE = words("place", "Place", "a sunlit kitchen counter")
AVOID_PRODUCT = "warped shape, wrong proportions, extra parts, flicker, blurry, watermark"
AVOID_PEOPLE = "distorted hands, extra fingers, warped faces, stiff movement, flicker, blurry"
PRODUCT_MOVES = one_of("camera", "Camera", "slow orbit", "gentle push-in", "low glide from left to right", "static close-up")

PRODUCTS = (
    template(
        "product-showcase",
        Category.PRODUCT,
        "Clean studio shot",
        "Professional product video showing {name}[, {features}], on clean white background, studio lighting, smooth camera movement",
        *(PHOTO, PRODUCT, FEATURES),
        avoid=AVOID_PRODUCT,
    ),
    template(
        "product-electronics",
        Category.PRODUCT,
        "Electronics",
        "Professional product video for {name}[, showing features {features}], sleek design, modern technology, rotating display, "
        "crisp rim light along its edges against a dark gradient",
        *(PHOTO, words("name", "Product", "wireless headphones"), words("features", "Features", "folding hinge, touch control, LED ring")),
        avoid=AVOID_PRODUCT,
    ),
    template(
        "product-clothing",
        Category.PRODUCT,
        "Clothing on a model",
        "Professional product video for {name}, modeled on person[, {person}], showing fit and movement, studio lighting, "
        "the fabric falls and swings as the model turns once, full figure, eye-level camera",
        *(PHOTO, words("name", "Garment", "a linen summer dress"), words("person", "Model", "a woman in her thirties with short hair")),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "product-other",
        Category.PRODUCT,
        "Any other product",
        "Professional product video for {name}, clean white background, professional product photography, soft shadow, slow orbit",
        *(PHOTO, PRODUCT),
        avoid=AVOID_PRODUCT,
    ),
    template(
        "product-in-use",
        Category.PRODUCT,
        "In everyday use",
        "{name} in use at {place}: hands {action}, close-up on the contact between fingers and material, {camera}, shallow depth of field, "
        "natural window light, calm and unhurried",
        PRODUCT,
        PLACE,
        words("action", "What the hands do", "turn the crank slowly while beans are ground"),
        PRODUCT_MOVES,
        avoid=AVOID_PEOPLE,
    ),
    template(
        "product-reveal",
        Category.PRODUCT,
        "Reveal in light",
        "{name} emerges from darkness as a narrow beam of {light} light sweeps across it from left to right and uncovers {detail}, black "
        "reflective surface, macro lens, fine dust in the air, slow and elegant",
        *(PHOTO, words("name", "Product", "a glass perfume bottle"), words("detail", "Detail in the light", "facets and amber liquid")),
        one_of("light", "Light", "warm golden", "cool white", "deep blue"),
        avoid=AVOID_PRODUCT,
    ),
)
HOMES = (
    template(
        "real-estate-tour",
        Category.REAL_ESTATE,
        "Video tour",
        "Beautiful video tour of {property_type}, {rooms} rooms[, {features}], sunny day, professional real estate video style, steady "
        "forward glide at eye level, wide-angle lens with straight verticals",
        words("property_type", "Kind of home", "a two-storey family house"),
        Variable(name="rooms", label="Rooms", kind="number", default="4", example="4"),
        words("features", "Features", "oak floors, open kitchen, garden terrace"),
        avoid="people, clutter, bent walls, fisheye distortion, flicker",
    ),
    template(
        "real-estate-exterior",
        Category.REAL_ESTATE,
        "From the air",
        "Aerial shot of {property_type} in {surroundings}, the drone rises slowly and circles to the right, long shadows at {hour}, clear "
        "air, true colours",
        words("property_type", "Building", "a white villa with a pool"),
        words("surroundings", "Surroundings", "a hillside of olive trees above the sea"),
        one_of("hour", "Time of day", "golden hour", "a bright morning", "blue hour with lit windows"),
        avoid="warped buildings, melting lines, fast motion",
    ),
    template(
        "real-estate-room",
        Category.REAL_ESTATE,
        "One room, one move",
        "Interior of {room}, {furnishing}, sheer curtains move in a light breeze, sunlight wanders over {material}, the camera slides "
        "slowly sideways past the foreground, warm and quiet",
        words("room", "Room", "a living room with tall windows"),
        words("furnishing", "Furniture", "a low grey sofa and a round oak table"),
        words("material", "Surface in the light", "the herringbone parquet"),
        avoid="people, clutter, bent walls, flicker",
    ),
    template(
        "real-estate-staging",
        Category.REAL_ESTATE,
        "Photo comes alive",
        "Keep the room exactly as in the image. The camera pushes in very slowly, daylight gets slightly warmer, leaves outside the window "
        "move gently[, {movement}], nothing else changes",
        Variable(name="photo", label="Photo of the room", kind="image"),
        words("movement", "Also moving", "flames flicker in the fireplace"),
        avoid="new furniture, moving walls, warped lines, people",
    ),
)
DISHES = (
    template(
        "food-dish",
        Category.FOOD,
        "Dish and cooking",
        "Appetizing food video showing {dish_name}[, ingredients: {ingredients}], cooking process, close-up shots, "
        "cinematic food photography",
        words("dish_name", "Dish", "mapo tofu"),
        words("ingredients", "Ingredients", "silken tofu, minced beef, Sichuan pepper"),
        avoid="unnatural colours, plastic look, blurry, deformed cutlery",
    ),
    template(
        "food-pour",
        Category.FOOD,
        "Pour in slow motion",
        "Extreme close-up: {liquid} is poured over {dish} in slow motion, glossy streams and small drops, steam rises against a dark "
        "background, backlight, macro lens",
        words("liquid", "What is poured", "hot caramel sauce"),
        words("dish", "Over what", "a scoop of vanilla ice cream"),
        avoid="plastic look, frozen liquid, blurry",
    ),
    template(
        "food-table",
        Category.FOOD,
        "A table full of food",
        "Top-down view of {dishes} on {table}, hands of several people reach in and take a bite, the camera descends slowly, "
        "{mood} mood, appetizing natural colours",
        words("dishes", "Dishes", "dumplings, pickles and a steaming hot pot"),
        words("table", "Table", "a dark wooden round table"),
        one_of("mood", "Mood", "festive", "cosy", "fresh summer"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "food-drink",
        Category.FOOD,
        "Drink with ice",
        "{drink} in a tall glass, condensation runs down, ice cubes turn and catch the light, {garnish} on the rim, bubbles rise, slow "
        "push-in, bright backlight, {place}",
        words("drink", "Drink", "sparkling lemonade"),
        words("garnish", "Garnish", "a slice of lemon and a sprig of mint"),
        words("place", "Place", "a beach bar at noon"),
        avoid="deformed glass, floating objects, blurry",
    ),
)
POSTS = (
    template(
        "about",
        Category.SOCIAL,
        "A video about anything",
        "A video about {title}.[ {description}]",
        words("title", "Title", "the first snow in Beijing"),
        words("description", "Description", "Red palace walls, a cat's paw prints, quiet morning."),
    ),
    template(
        "social-hook",
        Category.SOCIAL,
        "A start that stops the thumb",
        "{subject} suddenly {surprise}, shot from very close with a wide lens, quick push-in, {colours} colours, high energy, "
        "the subject fills the frame from the first moment",
        words("subject", "Subject", "a sleepy orange cat"),
        words("surprise", "Surprise", "leaps towards the camera in slow motion"),
        one_of("colours", "Colours", "vivid", "neon", "pastel"),
    ),
    template(
        "social-day",
        Category.SOCIAL,
        "A moment of a day",
        "{person} {activity} at {place}, handheld camera at shoulder height, small natural movements, soft available light, "
        "candid and warm, as if a friend had filmed it",
        words("person", "Person", "a young barista"),
        words("activity", "What they do", "draws a swan of milk foam"),
        words("place", "Place", "a small corner café"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "social-before-after",
        Category.SOCIAL,
        "Transformation",
        "Time-lapse of {thing} as it changes from {before} to {after}, fixed camera, constant framing, light wanders over the scene, "
        "smooth and satisfying",
        words("thing", "What changes", "a bare balcony"),
        words("before", "Before", "empty and grey"),
        words("after", "After", "full of flowers and string lights"),
        avoid="camera shake, jump in framing, flicker",
    ),
)
EVENTS = (
    template(
        "event-invitation",
        Category.EVENT,
        "Invitation mood",
        "Atmosphere of {event} at {place}: {decoration}, guests as soft silhouettes in the background, light bokeh, the camera glides "
        "forward, anticipation in the air, {mood}",
        words("event", "Event", "a summer wedding"),
        words("place", "Place", "an old orangery"),
        words("decoration", "Decoration", "white roses and hundreds of candles"),
        one_of("mood", "Mood", "romantic", "festive", "solemn", "playful"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "event-stage",
        Category.EVENT,
        "Stage and crowd",
        "{performer} on a large stage seen from within the crowd, raised hands in the foreground, beams of {light} light cut through haze, "
        "confetti falls slowly, low camera rises over the heads",
        words("performer", "On stage", "a band of four"),
        one_of("light", "Light", "blue and magenta", "warm golden", "stark white"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "event-festival",
        Category.EVENT,
        "Festival",
        "{festival} in {place} at {hour}, {details}, people in festive clothes pass by, slow tracking shot along the street, rich colours, "
        "joyful",
        words("festival", "Festival", "Lantern Festival"),
        words("place", "Place", "an old water town"),
        one_of("hour", "Time of day", "dusk", "night", "noon"),
        words("details", "What is seen", "red lanterns reflected in the canal, rising sky lanterns"),
        avoid=AVOID_PEOPLE,
    ),
    template(
        "event-launch",
        Category.EVENT,
        "Product launch",
        "Dark launch stage, a single spotlight opens on {product} on a rotating pedestal, thin haze, the audience as silhouettes in front, "
        "{accent} accent light, slow crane down towards the pedestal, tense and premium",
        words("product", "What is launched", "a silver electric car"),
        one_of("accent", "Accent light", "electric blue", "deep red", "pure white"),
        avoid="distorted logos, warped shape, flicker",
    ),
)
LESSONS = (
    template(
        "education-how",
        Category.EDUCATION,
        "How it works",
        "Clear 3D animation of how {thing} works: {process}, cutaway view, moving parts in contrasting colours, plain light background, "
        "slow steady orbit",
        words("thing", "What is explained", "a four-stroke engine"),
        words("process", "What happens", "the piston draws in the mixture, compresses it and is driven down"),
        avoid="labels, clutter, wrong anatomy, flicker",
    ),
    template(
        "education-history",
        Category.EDUCATION,
        "A moment in history",
        "{place} in {period}, {people} {action}, clothes, tools and buildings true to the period, documentary camera on a slow dolly, "
        "natural light, fine film grain",
        words("place", "Place", "a market street in Chang'an"),
        words("period", "Period", "the Tang dynasty"),
        words("people", "People", "merchants and camel drivers"),
        words("action", "What they do", "unload bales of silk"),
        avoid="modern objects, anachronisms, warped faces",
    ),
    template(
        "education-nature",
        Category.EDUCATION,
        "Nature film",
        "{creature} {action} in {habitat}, telephoto lens from far away, true-to-life behaviour and anatomy, morning light, "
        "calm nature documentary",
        words("creature", "Animal or plant", "a kingfisher"),
        words("action", "What it does", "dives and comes up with a small fish"),
        words("habitat", "Habitat", "a clear mountain stream"),
        avoid="extra limbs, cartoon look, flicker",
    ),
    template(
        "education-experiment",
        Category.EDUCATION,
        "Experiment",
        "Close-up of an experiment on a clean laboratory bench: {setup}, then {reaction} in one continuous take, side light against a dark "
        "background, static camera, precise and realistic",
        words("setup", "Set-up", "a drop of blue dye hangs above still water"),
        words("reaction", "What happens", "it falls and unfolds into slow rings"),
        avoid="explosions, people, blurry, flicker",
    ),
)
ENGLISH = (*PRODUCTS, *HOMES, *DISHES, *POSTS, *EVENTS, *LESSONS)
