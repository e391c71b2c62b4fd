"""What the simulated language model writes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["captioned", "described", "enhanced", "is_chinese", "translated"]


@dataclass(frozen=True)
class _Scene:
    """A scene that it knows: the words by which it recognizes the idea, the idea in English, and the rich prompt in both languages."""

    words: tuple[str, ...]
    english_idea: str
    english: str
    chinese: str


_SCENES = (
    _Scene(
        words=("足球", "football", "soccer"),
        english_idea="A little boy plays football on a pitch.",
        english="In the centre of the frame a lively little boy in a bright blue football shirt with a shining gold number, snow-white "
        "shorts and black boots plants his left foot and strikes the black-and-white ball with all his strength. Blades of "
        "grass fly up and the ball shoots low towards the camera. The pitch lies around him like a thick emerald carpet, its "
        "edge drawn by crisp white lines; a green fence runs along it, and behind the fence rise rows of blue seats. Midday sun "
        "throws short, sharp shadows, and a few cotton-white clouds drift across a sapphire sky. Low-angle medium shot, the "
        "camera tracks sideways with him. His eyes stay locked on the rolling ball, full of concentration and joy.",
        chinese="画面的中心，一个充满活力的小男孩正在球场上踢足球。他身穿一件鲜艳的蓝色足球服，上面的金色号码闪闪发光，下身是一条洁白如"
        "雪的短裤，脚蹬一双黑色的足球鞋，英姿飒爽。他铆足了劲，奋力踢向脚下那颗黑白相间的足球，草屑随之飞溅。翠绿的草坪宛如一块"
        "巨大的绒毯，边缘有着清晰的白色边线；球场周围是一道绿色的围栏，围栏之外是一排排整齐的蓝色观众座椅。天空湛蓝如宝石，几朵"
        "洁白似棉絮的云朵悠然飘浮，正午的阳光在草地上投出清晰的影子。低角度中景，镜头跟随小男孩平稳横移。他神情专注而兴奋，坚定"
        "的眼神紧紧锁定滚动的足球，整个画面洋溢着蓬勃的活力与热烈的激情。",
    ),
    _Scene(
        words=("狐狸", "fox"),
        english_idea="A red fox runs across the snow.",
        english="A red fox with a thick, rust-coloured coat, black paws and a white tip to its tail bounds through knee-deep snow from "
        "left to right. With each leap powder bursts up and glitters in the air. Behind it lie a frosted birch wood and pale "
        "blue hills. The low sun of a winter morning shines from behind, edges the fur with gold and throws long blue shadows. "
        "Medium shot at the height of its eyes, the camera glides along at the same speed. Its ears are pricked, its look "
        "alert; the cold silence can almost be felt.",
        chinese="一只红狐从画面左侧向右奔跑，蓬松的毛色如锈红的火焰，四爪乌黑，尾尖雪白。它每一次跃起，脚下的粉雪都随之炸开，在空中闪烁"
        "着细碎的光。身后是挂满霜的白桦林和淡蓝色的远山。冬日清晨的低角度阳光从背后照来，为皮毛勾出一道金边，在雪地上拉出长长的"
        "蓝色影子。与狐狸视线齐平的中景，镜头以同样的速度平稳跟随。它双耳竖立，目光警觉，画面清冷而宁静。",
    ),
)
_ENGLISH_MANNER = (
    " The subject stands in the centre of the frame, sharp against a softly blurred background, and every surface shows its texture. It "
    "moves in one calm, continuous motion, and what surrounds it answers: fabric, leaves and dust stir in the air. Warm light falls "
    "from the upper left and draws long, soft shadows, while the colours grow cooler in the distance. Medium shot at eye level, the "
    "camera pushes in slowly. The mood is quiet and full of expectation."
)
_CHINESE_MANNER = (
    "主体位于画面中央，轮廓清晰，背景柔和虚化，每一处材质都纹理分明。它以一个连贯而从容的动作缓缓展开，衣料、树叶和空气中的微尘随之轻轻"
    "浮动。温暖的光线从左上方洒下，拉出修长柔和的影子，远处的色调渐渐转冷。平视中景，镜头缓慢推近，氛围宁静而充满期待。"
)
_CHINESE_WORDS = {"wide": "横幅", "tall": "竖幅", "red": "红色", "green": "绿色", "blue": "蓝色"}


def is_chinese(text: str) -> bool:
    """Return whether the text is mostly Chinese."""
    return sum("㐀" <= letter <= "鿿" for letter in text) * 3 > len(text)


def enhanced(idea: str, *, is_in_chinese: bool) -> str:
    """Return the idea as a rich prompt."""
    if scene := _scene_of(idea):
        return scene.chinese if is_in_chinese else scene.english
    first = idea.strip().rstrip(".。")
    return f"{first}。{_CHINESE_MANNER}" if is_in_chinese else f"{first}.{_ENGLISH_MANNER}"


def translated(text: str) -> str:
    """Return the text in English."""
    if not any("㐀" <= letter <= "鿿" for letter in text):
        return text
    scene = _scene_of(text)
    return scene.english_idea if scene else f"A video that shows what these words say: {text.strip()}"


def described(picture: str, idea: str, *, is_in_chinese: bool) -> str:
    """Return what a first frame of this shape and colour shows, and the idea as its movement."""
    shape, colour = picture.split()
    if is_in_chinese:
        seen = f"{_CHINESE_WORDS[shape]}画面，以{_CHINESE_WORDS[colour]}为主色调，主体位于画面中央，边缘清晰，光线均匀柔和，平视中景。"
        return f"{seen}{idea.strip().rstrip('。') or '微风拂过，画面中的细节轻轻晃动'}。镜头缓慢推近。"
    seen = (
        f"A {shape} frame in which {colour} prevails. The subject is in the centre, its edges sharp, in soft and even light, at eye level."
    )
    return f"{seen} {idea.strip().rstrip('.') or 'A light breeze stirs the details of the picture'}. The camera pushes in slowly."


def captioned(text: str, *, is_in_chinese: bool) -> str:
    """Return a caption for a post."""
    first = text.strip().split("\n", maxsplit=1)[0].rstrip(".。")
    if is_in_chinese:
        return f"先别划走！{first}，几秒钟就能看完。你最喜欢哪一幕？评论区告诉我。 #短视频 #每日分享 #一起看"
    return f"Stop for a second! {first}, in a few seconds. Which moment do you like best? Tell us below. #video #daily #watch"


def _scene_of(idea: str) -> _Scene | None:
    plain = idea.lower()
    return next((scene for scene in _SCENES if any(word in plain for word in scene.words)), None)
