"""Small line icons, one for each kind of scene, drawn in a field of 24 by 24."""

from types import MappingProxyType
from typing import Final

from shared.enums import SceneKind

_LINES: Final = MappingProxyType(
    {
        SceneKind.HOOK: "M12 3a6 6 0 0 0-3.4 11v2.6h6.8V14A6 6 0 0 0 12 3M9.6 20.4h4.8",
        SceneKind.OBJECTIVES: "M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8"
        "M12 12h.01",
        SceneKind.DEFINITION: "M12 6.2C9.6 4.6 6.8 4.2 3.6 4.6v13.6c3.2-.4 6 0 8.4 1.6c2.4-1.6 5.2-2 8.4-1.6V4.6"
        "c-3.2-.4-6 0-8.4 1.6M12 6.2v13.4",
        SceneKind.KEY_POINTS: "M4.4 6.4h.01M4.4 12h.01M4.4 17.6h.01M9 6.4h11M9 12h11M9 17.6h11",
        SceneKind.PROCESS: "M4 7.5h11.5M12.6 4l3.6 3.5l-3.6 3.5M20 16.5H8.5M11.4 13l-3.6 3.5l3.6 3.5",
        SceneKind.EQUATION: "M17.6 6.6V4.4H6.4l6 7.6l-6 7.6h11.2v-2.2",
        SceneKind.COMPARISON: "M12 3.6v16.8M7.6 20.4h8.8M4 7h16M6.6 7L3.6 13.6h6zM17.4 7l-3 6.6h6z",
        SceneKind.WORKED_EXAMPLE: "M14.6 5.4l4 4L8.4 19.6l-5 1l1-5zM12.4 7.6l4 4",
        SceneKind.CONNECTION: "M10 14a4 4 0 0 0 5.8.2l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-5.8-.2l-3 3"
        "a4 4 0 0 0 5.7 5.7l1.2-1.2",
        SceneKind.MISCONCEPTION: "M12 4l9 15.6H3zM12 10v4.2M12 17h.01",
        SceneKind.RECAP: "M4 12a8 8 0 0 1 13.8-5.5L20 8.6M20 4v4.6h-4.6M20 12a8 8 0 0 1-13.8 5.5L4 15.4M4 20v-4.6h4.6",
        SceneKind.QUIZ: "M8.4 8.6a3.7 3.7 0 1 1 5.4 3.4c-1.2.7-1.8 1.4-1.8 2.8M12 18.6h.01",
        SceneKind.CREDITS: "M5 4.4h11.4a2 2 0 0 1 2 2v13.2H7a2 2 0 0 1-2-2zM5 17.6a2 2 0 0 1 2-2h11.4M9 8.4h5.6",
    }
)
CHECK: Final = "M5 12.6l4.6 4.6L19 7.4"
BULB: Final = _LINES[SceneKind.HOOK]
PICTURE: Final = "M4 5h16v14H4zM4 16l4.6-4.6l3.4 3.4l3-3L20 16M15.6 9h.01"

LABELS: Final = MappingProxyType(
    {
        SceneKind.HOOK: "Think about it",
        SceneKind.OBJECTIVES: "What you will learn",
        SceneKind.DEFINITION: "Definition",
        SceneKind.KEY_POINTS: "Key points",
        SceneKind.PROCESS: "How it works",
        SceneKind.EQUATION: "Equation",
        SceneKind.COMPARISON: "Compare",
        SceneKind.WORKED_EXAMPLE: "Worked example",
        SceneKind.CONNECTION: "In your world",
        SceneKind.MISCONCEPTION: "Common mistake",
        SceneKind.RECAP: "Recap",
        SceneKind.QUIZ: "Your turn",
        SceneKind.CREDITS: "Sources",
    }
)


def of_kind(kind: SceneKind) -> str:
    """The lines of a scene kind's icon."""
    return _LINES[kind]


def icon(lines: str, x: float, y: float, size: float, colour: str, *, weight: float = 2.2) -> str:
    """The icon with its upper left corner there."""
    return (
        f'<path d="{lines}" transform="translate({x:.1f} {y:.1f}) scale({size / 24:.3f})" fill="none" '
        f'stroke="{colour}" stroke-width="{weight:g}" stroke-linecap="round" stroke-linejoin="round"/>'
    )
