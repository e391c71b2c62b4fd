"""The catalogs' English, marked for translation: providers know no Django, so their titles and hints are listed here.

Text only. A test compares this list with every Params class, slot and choice, so that nothing is missing and nothing is left over.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

__all__ = ["CHOICE_WORDS", "RULES", "TITLES"]

TITLES = frozenset(
    {
        _("Wan 2.1 Turbo, from an image"),
        _("Wan 2.1 Plus, from an image"),
        _("Wan 2.1 Plus, first and last frame"),
        _("First frame"),
        _("Last frame"),
        _("Duration"),
        _("Length of the video."),
        _("Length of the video; this model makes one length only."),
        _("Negative prompt"),
        _("What the video should not show."),
        _("Watermark"),
        _("Ask for the file that carries the vendor's mark."),
        _("Put the vendor's mark into the picture."),
        _("Aspect ratio"),
        _("Without an image only: with one, the video takes the image's shape."),
        _("4:3 and 3:4 at 720P only."),
        _("Mode"),
        _("std is faster and cheaper, pro looks better."),
        _("std is faster and cheaper, pro looks better, 4k is the largest."),
        _("Sound"),
        _("Render sound too."),
        _("Render sound too. Needs the mode pro."),
        _("Guidance"),
        _("How closely the video follows the prompt: 0 freely, 1 strictly."),
        _("Camera"),
        _("A camera movement; simple moves along one axis. Needs the mode std."),
        _("Camera axis"),
        _("For the simple camera: what moves."),
        _("Camera amount"),
        _("For the simple camera: how far, and which way; not 0."),
        _("Extend the prompt"),
        _("Let the vendor write a short prompt out before it renders."),
        _("Seed"),
        _("The same seed gives similar videos; leave empty for chance."),
        _("Resolution"),
        _("Effect"),
        _("A ready-made effect instead of the prompt. Not every effect is open to every model."),
        _("A ready-made effect instead of prompt and last frame."),
    }
)

CHOICE_WORDS = {
    "std": _("Standard"),
    "pro": _("Pro"),
    "4k": _("4K"),
    "480P": "480p",
    "720P": "720p",
    "simple": _("Simple"),
    "down_back": _("Down and back"),
    "forward_up": _("Forward and up"),
    "right_turn_forward": _("Turn right, forward"),
    "left_turn_forward": _("Turn left, forward"),
    "horizontal": _("Horizontal"),
    "vertical": _("Vertical"),
    "pan": _("Pan"),
    "tilt": _("Tilt"),
    "roll": _("Roll"),
    "zoom": _("Zoom"),
    "squish": _("Squish"),
    "rotation": _("Rotation"),
    "poke": _("Poke"),
    "inflate": _("Inflate"),
    "dissolve": _("Dissolve"),
    "melt": _("Melt"),
    "icecream": _("Ice cream"),
    "carousel": _("Carousel"),
    "singleheart": _("One heart"),
    "dance1": _("Dance 1"),
    "dance2": _("Dance 2"),
    "dance3": _("Dance 3"),
    "dance4": _("Dance 4"),
    "dance5": _("Dance 5"),
    "mermaid": _("Mermaid"),
    "graduation": _("Graduation"),
    "dragon": _("Dragon"),
    "money": _("Money"),
    "jellyfish": _("Jellyfish"),
    "pupil": _("Pupil"),
    "hug": _("Hug"),
    "frenchkiss": _("Kiss"),
    "coupleheart": _("Two hearts"),
    "hanfu-1": _("Hanfu"),
    "solaron": _("Solaron"),
    "magazine": _("Magazine"),
    "mech1": _("Mech 1"),
    "mech2": _("Mech 2"),
}
"""What choices are called; shapes such as 16:9 stand for themselves."""

RULES = (
    _("With an image the video takes the image's shape; leave the aspect ratio at 16:9."),
    _("A last frame needs the mode pro."),
    _("A last frame and a camera movement exclude each other."),
    _("camera movements need the mode std"),
    _("only the simple camera has an axis"),
    _("the simple camera needs an amount other than 0"),
    _("only the simple camera has an amount"),
    _("sound needs the mode pro"),
    _("An effect makes no use of a last frame; leave one of them out."),
)
"""What the catalogs' own checks say."""
