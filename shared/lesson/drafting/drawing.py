"""Whether a model's visuals can be drawn, found out by laying them out, while another way to show them can be had."""

from shared.lesson.drafting.visuals import plainest
from shared.lesson.storyboard import Scene, Storyboard


def drawable(storyboard: Storyboard) -> Storyboard:
    """The storyboard with every visual that cannot be drawn replaced by the narration in short lines."""
    # Drawing's libraries are heavy, and only those who write need them here.
    from shared.media.draw import Shape, unfit

    found = unfit(storyboard, (Shape.WIDE,))
    scenes = [_in_words(scene, storyboard) if scene.id in found else scene for scene in storyboard.scenes]
    return storyboard.model_copy(update={"scenes": scenes}) if found else storyboard


def _in_words(scene: Scene, storyboard: Storyboard) -> Scene:
    visual = plainest(scene.narration, getattr(scene.visual, "heading", ""), storyboard.title)
    return scene.model_copy(update={"visual": visual})
