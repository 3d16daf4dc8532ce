"""Motifs of machines, nature and worlds, and the figure for everything else."""

from shared.media.draw.motifs.paint import (
    BARK,
    CLOUD,
    CREAM,
    LEAF,
    NIGHT,
    ORANGE,
    ROSE,
    SKY,
    SLATE,
    STEEL,
    SUN,
    Paint,
    bar,
    clipped,
    disc,
    oval,
    shape,
    spark,
    stroke,
)


def gaming(paint: Paint) -> str:
    """A game controller."""
    body = shape(
        "M128 128H272C330 128 352 196 356 256c2 40-22 60-48 52-24-8-34-48-62-48H154c-28 0-38 40-62 48"
        "-26 8-50-12-48-52C48 196 70 128 128 128Z",
        CREAM,
    )
    shade = clipped(
        "gaming-pad",
        '<path d="M128 128H272C330 128 352 196 356 256c2 40-22 60-48 52-24-8-34-48-62-48H154c-28 0-38 40-62 48'
        '-26 8-50-12-48-52C48 196 70 128 128 128Z"/>',
        shape("M30 262Q200 214 370 262V340H30Z", CLOUD),
    )
    cross = bar(112, 164, 26, 74, NIGHT, r=7) + bar(88, 188, 74, 26, NIGHT, r=7)
    buttons = disc(282, 172, 14, ROSE) + disc(282, 230, 14, LEAF) + disc(253, 201, 14, SKY) + disc(311, 201, 14, SUN)
    middle = bar(176, 172, 20, 12, STEEL, r=6) + bar(206, 172, 20, 12, STEEL, r=6)
    shoulders = bar(96, 112, 66, 22, paint.light, r=10) + bar(238, 112, 66, 22, paint.light, r=10)
    blocks = bar(186, 52, 28, 28, paint.spark, r=5) + bar(218, 52, 28, 28, paint.spark, r=5)
    blocks += bar(154, 52, 28, 28, paint.spark, r=5) + bar(186, 20, 28, 28, paint.spark, r=5)
    return blocks + shoulders + body + shade + cross + buttons + middle


def space(paint: Paint) -> str:
    """A rocket passing a planet with rings."""
    stars = spark(84, 110, 15, CREAM) + spark(318, 92, 20, paint.spark) + spark(330, 300, 12, CREAM)
    stars += disc(132, 62, 4, CREAM) + disc(60, 206, 4, CREAM) + disc(352, 196, 5, CREAM) + disc(214, 348, 4, CREAM)
    planet = disc(120, 272, 62, paint.main) + clipped(
        "space-planet",
        '<circle cx="120" cy="272" r="62"/>',
        shape("M50 250q70 24 140-8v22q-70 30-140 8Z", paint.light) + shape("M50 296q70 22 140-6v14q-70 26-140 8Z", SKY),
    )
    rings = stroke("M178 252c34-2 50 8 42 22-12 22-84 42-140 40-46-2-66-18-46-36q10-8 26-13", SUN, 9)
    rocket = shape("M0-96Q44-46 40 34H-40Q-44-46 0-96Z", "#FFFFFF") + shape("M0-96Q44-46 40 34H8Q16-46 0-96Z", CLOUD)
    rocket += shape("M0-96Q20-73 29-46H-29Q-20-73 0-96Z", ROSE)
    rocket += shape("M-40-6L-68 44L-38 34ZM40-6L68 44L38 34Z", ROSE) + bar(-26, 34, 52, 12, STEEL, r=4)
    rocket += disc(0, -18, 19, NIGHT) + disc(0, -18, 13, SKY)
    flame = shape("M-20 46Q-26 84 0 114Q26 84 20 46Z", ORANGE) + shape("M-10 46Q-13 70 0 88Q13 70 10 46Z", SUN)
    return stars + planet + rings + f'<g transform="translate(246 170) rotate(34)">{flame}{rocket}</g>'


def cars(paint: Paint) -> str:
    """A small car on the road."""
    road = clipped(
        "cars-road",
        '<circle cx="200" cy="200" r="190"/>',
        bar(0, 282, 400, 130, NIGHT) + "".join(bar(x, 326, 52, 10, SUN, r=4) for x in (34, 128, 222, 316)),
    )
    body = shape(
        "M46 250q-4-46 30-54l36-8 36-52q10-14 28-14h74q20 0 34 14l46 50 22 6q22 6 22 34v24q0 12-14 12H58q-12 0-12-12Z",
        ROSE,
    )
    lower = shape("M46 240H374v10q0 12-14 12H58q-12 0-12-12Z", "#C93F50")
    windows = shape("M140 184l28-40q6-8 16-8h26v48ZM224 136h22q12 0 20 8l36 40H224Z", SKY)
    gleam = shape("M232 144h10l34 40h-18Z", "#A9DDFB")
    lights = bar(356, 206, 16, 18, SUN, r=6) + bar(46, 212, 14, 16, ORANGE, r=5)
    handle = bar(228, 202, 26, 7, CREAM, r=3)
    wheels = "".join(disc(x, 268, 38, "#151A2E") + disc(x, 268, 20, CLOUD) + disc(x, 268, 8, STEEL) for x in (120, 300))
    wind = stroke("M22 150h56M40 178h30M30 122h76", paint.light, 7)
    return road + wind + body + lower + windows + gleam + lights + handle + wheels


def animals(paint: Paint) -> str:
    """The face of a fox."""
    ears = shape("M92 76L176 142L96 206ZM308 76L224 142L304 206Z", ORANGE)
    ears += shape("M106 106L150 146L110 176ZM294 106L250 146L290 176Z", NIGHT)
    face = shape("M200 118Q296 118 316 208Q300 300 200 336Q100 300 84 208Q104 118 200 118Z", ORANGE)
    cheeks = shape("M84 208Q150 206 200 300Q250 206 316 208Q306 286 200 336Q94 286 84 208Z", CREAM)
    brow = shape("M200 118Q222 118 240 124Q224 190 200 232Q176 190 160 124Q178 118 200 118Z", "#F7A45E")
    eyes = oval(146, 212, 13, 16, NIGHT) + oval(254, 212, 13, 16, NIGHT)
    eyes += disc(150, 206, 5, "#FFFFFF") + disc(258, 206, 5, "#FFFFFF")
    nose = shape("M178 292Q200 280 222 292Q216 318 200 322Q184 318 178 292Z", NIGHT)
    leaves = shape("M52 318q50-42 88-8-46 38-88 8Z", LEAF) + shape("M348 318q-50-42-88-8 46 38 88 8Z", LEAF)
    return leaves + ears + face + cheeks + brow + eyes + nose + spark(334, 88, 14, paint.spark)


def coding(paint: Paint) -> str:
    """A laptop with a program on its screen."""
    screen = bar(76, 86, 248, 172, SLATE, r=16) + bar(90, 100, 220, 144, "#151A2E", r=8)
    dots = disc(106, 116, 5, ROSE) + disc(122, 116, 5, SUN) + disc(138, 116, 5, LEAF)
    rows = (
        (106, 136, 40, paint.spark),
        (152, 136, 66, CLOUD),
        (122, 158, 58, SKY),
        (186, 158, 34, LEAF),
        (122, 180, 30, SUN),
        (158, 180, 78, CLOUD),
        (138, 202, 46, paint.light),
        (106, 224, 28, paint.spark),
    )
    code = "".join(bar(x, y, w, 10, colour, r=5) for x, y, w, colour in rows)
    base = shape("M52 272H348L368 306q2 12-12 12H44q-14 0-12-12Z", CLOUD) + bar(160, 276, 80, 14, STEEL, r=6)
    tags = disc(302, 108, 52, paint.main) + stroke("M288 88l-20 20 20 20M316 88l20 20-20 20", "#FFFFFF", 9)
    return screen + dots + code + base + tags


def robotics(paint: Paint) -> str:
    """A friendly robot."""
    antenna = stroke("M200 106V70", STEEL, 9) + disc(200, 60, 15, ROSE)
    head = bar(112, 104, 176, 124, CREAM, r=34) + bar(132, 126, 136, 78, NIGHT, r=24)
    eyes = disc(172, 162, 15, paint.spark) + disc(228, 162, 15, paint.spark) + stroke("M184 188q16 10 32 0", CREAM, 6)
    ears = bar(94, 144, 22, 46, STEEL, r=9) + bar(284, 144, 22, 46, STEEL, r=9)
    neck = bar(182, 226, 36, 18, STEEL)
    body = bar(128, 242, 144, 100, paint.main, r=28) + disc(200, 286, 24, CREAM)
    heart = shape("M200 300q-18-12-18-22a9 9 0 0 1 18-4 9 9 0 0 1 18 4q0 10-18 22Z", ROSE)
    arms = stroke("M128 270Q92 276 86 310", STEEL, 17) + stroke("M272 270Q322 262 318 214", STEEL, 17)
    hands = disc(86, 318, 17, CREAM) + stroke("M302 206q4-24 16-22t16 22", CREAM, 11)
    return antenna + ears + neck + arms + hands + head + eyes + body + heart


def nature(paint: Paint) -> str:
    """A young plant in the sun."""
    sun = disc(296, 112, 44, SUN)
    soil = clipped("nature-soil", '<circle cx="200" cy="200" r="190"/>', shape("M0 320Q200 262 400 320V400H0Z", BARK))
    stem = stroke("M200 300Q196 220 204 130", "#3C8F50", 13)
    leaves = shape("M200 236Q110 250 84 168Q176 152 200 236Z", LEAF) + shape(
        "M202 196Q300 214 326 132Q228 112 202 196Z", LEAF
    )
    veins = stroke("M198 232Q150 204 108 182M206 192Q256 172 302 146", "#3C8F50", 5)
    bud = shape("M204 140Q170 104 204 62Q238 104 204 140Z", "#7FD08F")
    return sun + soil + stem + leaves + veins + bud + disc(120, 330, 6, CREAM) + disc(262, 340, 5, paint.spark)


def abstract(paint: Paint) -> str:
    """An open book with an atom rising from it: the figure for every other interest."""
    orbits = "".join(
        f'<ellipse cx="200" cy="150" rx="112" ry="40" fill="none" stroke="{colour}" stroke-width="8" '
        f'transform="rotate({turn} 200 150)"/>'
        for turn, colour in ((0, paint.light), (60, paint.spark), (120, paint.light))
    )
    electrons = disc(312, 150, 12, CREAM) + disc(144, 53, 12, CREAM) + disc(144, 247, 12, CREAM)
    core = disc(200, 150, 25, SUN) + disc(193, 143, 8, "#FFFFFF")
    left = shape("M200 340Q146 290 62 306V232Q146 222 200 262Z", CREAM)
    right = shape("M200 340Q254 290 338 306V232Q254 222 200 262Z", CLOUD)
    lines = stroke("M84 256q54-6 92 18M84 280q54-6 92 18", STEEL, 5) + stroke(
        "M316 256q-54-6-92 18M316 280q-54-6-92 18", STEEL, 5
    )
    cover = stroke("M56 320q90-14 144 34q54-48 144-34", paint.main, 13)
    return orbits + electrons + core + cover + left + right + lines


def lightning(paint: Paint) -> str:
    """A bolt, for those who like electronics."""
    bulb = disc(200, 172, 98, SUN) + shape("M160 250h80v30h-80Z", SUN)
    base = bar(160, 278, 80, 18, STEEL, r=7) + bar(164, 300, 72, 18, STEEL, r=7) + bar(178, 322, 44, 16, NIGHT, r=7)
    bolt = shape("M214 98L148 192H196L184 262L254 160H204Z", paint.main)
    rays = stroke("M200 44V26M92 88L78 74M308 88l14-14M62 176H42M358 176h-20", paint.light, 9)
    return rays + bulb + base + bolt
