"""How much text each part of a scene holds in every shape, for those who write storyboards.

Characters of ordinary English with as many parts beside it as the storyboard allows; a test lays each kind out at
these limits. Text may be longer where its neighbours are shorter: `layout` decides, and raises InvalidStoryboard
(`scene_does_not_fit`) where it does not fit.
"""

from typing import Final

HEADING: Final = 48
TITLE: Final = 70
SUBTITLE: Final = 110
BULLET: Final = 100
TERM: Final = 36
MEANING: Final = 220
NOTE: Final = 140
SYMBOL_MEANING: Final = 48
NODE_LABEL: Final = 24  # of at most five nodes
NODE_DETAIL: Final = 32
SMALL_NODE_LABEL: Final = 18  # of six or seven nodes, and of bodies with forces
SMALL_NODE_DETAIL: Final = 20
EDGE_LABEL: Final = 20
FORCE_LABEL: Final = 24
CAPTION: Final = 110
AXIS_LABEL: Final = 36
MARKER_LABEL: Final = 22
COLUMN: Final = 26
ROW_LABEL: Final = 16
CELL: Final = 34
PROBLEM: Final = 200
STEP: Final = 72  # with a formula each, at most three steps
SHORT_STEP: Final = 52  # words or a formula, four or five steps
ANSWER: Final = 70
ALTERNATIVE_TEXT: Final = 240
QUESTION: Final = 140
OPTION: Final = 56
ATTRIBUTION: Final = 130
ADDRESS: Final = 60
