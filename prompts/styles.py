"""Styles and words of quality, which any prompt may get. Pure data, by language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["QUALITY", "STYLES", "Style", "joined"]

ByLanguage = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Style:
    """A look: its name, the words that it adds to a prompt, and what a negative prompt then excludes."""

    id: str
    name: ByLanguage
    words: ByLanguage
    negative: ByLanguage


QUALITY: ByLanguage = {
    "en": "high quality, professional, 4K resolution, smooth motion",
    "zh-hans": "高品质，专业质感，4K 清晰度，动作流畅",
}


def _style(style_id: str, en: tuple[str, str, str], zh: tuple[str, str, str]) -> Style:
    """Return a style from its name, words and negative words in each language."""
    name, words, negative = ({"en": english, "zh-hans": chinese} for english, chinese in zip(en, zh, strict=True))
    return Style(id=style_id, name=name, words=words, negative=negative)


STYLES: Mapping[str, Style] = {
    style.id: style
    for style in (
        _style(
            "cinematic",
            ("Cinematic", "cinematic style, movie quality, dramatic lighting, shallow depth of field", "flat lighting, home video look"),
            ("电影感", "电影风格，院线质感，戏剧化光影，浅景深", "平光，家庭录像质感"),
        ),
        _style(
            "animated",
            ("Animated", "animated style, cartoon, vibrant colors, expressive movement", "photorealistic, live action"),
            ("动画", "动画风格，卡通造型，色彩明快，动作富有表现力", "真人实拍，写实照片"),
        ),
        _style(
            "realistic",
            ("Realistic", "realistic, photorealistic, natural lighting, true-to-life textures", "cartoon, plastic skin, oversaturated"),
            ("写实", "写实风格，照片级真实，自然光，材质细节真实", "卡通，塑料皮肤，过度饱和"),
        ),
        _style(
            "minimalist",
            ("Minimalist", "minimalist style, clean lines, simple composition, generous empty space", "clutter, busy background"),
            ("极简", "极简风格，线条干净，构图简洁，大面积留白", "杂乱，背景繁复"),
        ),
        _style(
            "documentary",
            ("Documentary", "documentary style, handheld camera, available light, unposed", "staged look, glossy advertising look"),
            ("纪录片", "纪录片风格，手持拍摄，现场光，自然不摆拍", "摆拍感，广告片质感"),
        ),
        _style(
            "commercial",
            (
                "Luxury commercial",
                "premium commercial look, controlled highlights, rich contrast, elegant slow motion",
                "cheap look, noise",
            ),
            ("高端广告", "高端广告质感，高光克制，对比浓郁，优雅慢动作", "廉价感，噪点"),
        ),
        _style(
            "vintage-film",
            ("Vintage film", "shot on 16 mm film, soft grain, warm faded colors, slight halation", "digital sharpness, neon colors"),
            ("复古胶片", "16 毫米胶片拍摄，柔和颗粒，暖调褪色，高光微微晕开", "数码锐利感，霓虹色"),
        ),
        _style(
            "noir",
            ("Black and white", "black-and-white film noir, hard side light, deep shadows, drifting haze", "color, flat light"),
            ("黑白光影", "黑白黑色电影风格，硬朗侧光，浓重阴影，薄雾浮动", "彩色，平光"),
        ),
        _style(
            "cyberpunk",
            ("Neon night", "neon-lit night, wet reflective streets, magenta and cyan light, futuristic city", "daylight, rural"),
            ("赛博霓虹", "霓虹夜色，湿润反光的街面，洋红与青色灯光，未来都市", "白天，乡村"),
        ),
        _style(
            "anime",
            ("Anime", "hand-drawn anime style, clean outlines, painted backgrounds, soft sky light", "photorealistic, 3D render"),
            ("日系动漫", "手绘日系动漫风格，线条干净，手绘背景，天光柔和", "真人实拍，三维渲染"),
        ),
        _style(
            "ink-wash",
            (
                "Ink wash",
                "Chinese ink-wash painting, flowing brush strokes, misty empty space, restrained color",
                "photorealistic, neon colors",
            ),
            ("水墨国风", "中国水墨画风格，笔触流动晕染，云雾留白，设色淡雅", "写实照片，霓虹色"),
        ),
        _style(
            "watercolor",
            (
                "Watercolor",
                "watercolor animation, soft bleeding edges, visible paper texture, light pastel tones",
                "hard edges, photorealistic",
            ),
            ("水彩", "水彩动画风格，边缘柔和晕开，可见纸张纹理，浅淡柔和的色调", "硬边线，写实照片"),
        ),
        _style(
            "clay",
            ("Stop motion", "stop-motion clay animation, handmade textures, miniature set, soft studio light", "smooth digital look"),
            ("定格黏土", "黏土定格动画，手工质感，微缩布景，柔和棚拍灯光", "数码光滑感"),
        ),
        _style(
            "dreamy",
            ("Dreamy", "dreamlike mood, soft focus, pastel haze, floating particles, slow motion", "hard contrast, harsh light"),
            ("梦幻", "梦幻氛围，柔焦，淡彩薄雾，漂浮光点，慢动作", "强烈对比，刺眼光线"),
        ),
    )
}

ENDS = (".", "!", "?", "。", "！", "？")


def joined(parts: list[str], language: str) -> str:
    """Return the parts that are not empty as one text, with the punctuation of the language."""
    comma, space = ("，", "") if language.startswith("zh") else (", ", " ")
    text = ""
    for part in filter(None, (part.strip() for part in parts)):
        text += part if not text else f"{space if text.endswith(ENDS) else comma}{part}"
    return text
