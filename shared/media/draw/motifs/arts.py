"""Motifs of making and performing."""

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
    WOOD,
    Paint,
    bar,
    clipped,
    disc,
    oval,
    ring,
    shape,
    spark,
    stroke,
    turned,
)


def music(paint: Paint) -> str:
    """Headphones around two notes."""
    band = stroke("M86 226V206a114 114 0 0 1 228 0V226", CREAM, 22) + stroke("M92 196a108 108 0 0 1 216 0", CLOUD, 6)
    cups = bar(62, 208, 52, 96, ROSE, r=24) + bar(286, 208, 52, 96, ROSE, r=24)
    cups += bar(96, 200, 24, 112, SLATE, r=12) + bar(280, 200, 24, 112, SLATE, r=12)
    notes = stroke("M172 258V160l70-18v94", paint.spark, 13) + stroke("M172 184l70-18", paint.spark, 13)
    notes += oval(154, 260, 24, 18, paint.spark, turn=-18) + oval(224, 238, 24, 18, paint.spark, turn=-18)
    beat = "".join(
        bar(x, 350 - h, 12, h, paint.light, r=6)
        for x, h in ((142, 20), (162, 36), (182, 26), (202, 44), (222, 30), (242, 18))
    )
    return band + cups + notes + beat


def art(paint: Paint) -> str:
    """A painter's palette and a brush."""
    board = shape(
        "M196 92c-80 0-138 52-138 116s56 112 128 112c26 0 34-16 28-34-8-26 8-42 34-42h40c34 0 52-20 52-46"
        "C340 132 276 92 196 92Z",
        WOOD,
    )
    blobs = (
        disc(118, 176, 23, ROSE)
        + disc(172, 136, 23, SUN)
        + disc(238, 134, 23, LEAF)
        + disc(292, 172, 21, SKY)
        + disc(108, 238, 23, paint.light)
    )
    brush = stroke("M196 252L326 92", SLATE, 15) + stroke("M196 252l24-30", STEEL, 19)
    tip = shape("M206 262c-4 22-26 34-50 34 12-10 8-30 22-46q14-8 28 12Z", ROSE)
    return board + blobs + brush + tip


def dance(paint: Paint) -> str:
    """A dancer on one foot, with a ribbon."""
    ribbon = stroke("M306 118c56 30 20 76-26 62s-70 30-24 54 108-4 112 40-52 64-96 44", paint.spark, 12)
    back = stroke("M196 226Q150 262 92 250", "#E9B08A", 21) + stroke("M96 250l-26-10", ROSE, 17)
    leg = stroke("M200 228Q212 290 204 350", "#E9B08A", 21) + stroke("M204 346l-4 20", ROSE, 17)
    dress = shape("M182 134Q204 126 222 138L220 186Q270 216 262 244Q220 268 140 250Q160 210 186 188Z", paint.light)
    arms = stroke("M190 146Q140 140 112 92", "#E9B08A", 17) + stroke("M216 146Q270 152 306 118", "#E9B08A", 17)
    head = disc(200, 96, 29, "#E9B08A") + shape("M170 94a30 30 0 0 1 60-6q-22-8-40 2-14 8-20 4Z", BARK)
    bun = disc(190, 62, 14, BARK)
    floor = oval(204, 372, 90, 8, paint.main)
    return ribbon + floor + back + leg + dress + arms + bun + head


def movies(paint: Paint) -> str:
    """A clapperboard and popcorn."""
    board = bar(62, 156, 212, 156, SLATE, r=14)
    board += bar(84, 232, 96, 9, CLOUD, r=4) + bar(84, 256, 140, 9, CLOUD, r=4) + bar(84, 280, 70, 9, CLOUD, r=4)
    stripes = "".join(shape(f"M{x} 156l-22 34h30l22-34Z", CREAM) for x in (106, 160, 214, 268))
    bottom = clipped(
        "movies-lower", '<rect x="62" y="156" width="212" height="34" rx="10"/>', bar(62, 156, 212, 34, SLATE)
    )
    bottom += clipped("movies-stripes", '<rect x="62" y="156" width="212" height="34" rx="10"/>', stripes)
    arm = bar(62, 116, 212, 34, SLATE, r=10) + clipped(
        "movies-arm",
        '<rect x="62" y="116" width="212" height="34" rx="10"/>',
        "".join(shape(f"M{x} 116l22 34h30l-22-34Z", CREAM) for x in (62, 116, 170, 224)),
    )
    corn = "".join(
        disc(x, y, 19, colour)
        for x, y, colour in (
            (262, 214, CREAM),
            (292, 200, SUN),
            (322, 214, CREAM),
            (276, 230, SUN),
            (308, 230, CREAM),
            (336, 232, SUN),
        )
    )
    bucket = clipped(
        "movies-bucket",
        '<path d="M240 232H352L338 344H254Z"/>',
        bar(230, 220, 140, 140, "#FFFFFF") + "".join(shape(f"M{x} 220h20l-4 140h-14Z", ROSE) for x in (246, 286, 326)),
    )
    return board + bottom + turned(arm, -15, 66, 150) + corn + bucket


def fashion(paint: Paint) -> str:
    """A dress on a hanger."""
    hook = stroke("M200 112V96q24-8 22-28t-22-20-24 18", STEEL, 9)
    hanger = stroke("M104 164L200 112L296 164", WOOD, 15)
    bodice = shape("M150 142l18-2q32 34 64 0l18 2-6 84H156Z", ROSE)
    skirt = shape("M156 236h88l62 98q-106 36-212 0Z", ROSE)
    folds = stroke("M178 240l-26 98M200 240v106M222 240l26 98", "#C93F50", 6)
    belt = bar(152, 222, 96, 20, SUN, r=8) + bar(190, 220, 22, 24, CREAM, r=6)
    dots = disc(176, 190, 6, CREAM) + disc(200, 204, 6, CREAM) + disc(224, 190, 6, CREAM)
    return hook + hanger + bodice + skirt + folds + belt + dots + spark(320, 214, 20, paint.spark)


def cooking(paint: Paint) -> str:
    """A pot over the flame, steaming."""
    steam = stroke("M150 128q-18-22 0-44t0-42M200 118q-18-22 0-44t0-42M250 128q-18-22 0-44t0-42", CLOUD, 10)
    pot = shape("M86 196H314V272Q314 322 264 322H136Q86 322 86 272Z", paint.main)
    gleam = stroke("M116 222v46q0 22 18 28", paint.light, 10)
    lid = shape("M78 196q0-16 16-16H306q16 0 16 16Z", STEEL) + shape("M118 180q20-34 82-34t82 34Z", CLOUD)
    knob = bar(182, 128, 36, 22, SLATE, r=10)
    handles = stroke("M86 226H56M314 226H344", SLATE, 18)
    flames = "".join(
        shape(f"M{x} 372q-22-10-10-32 6-8 8-16 22 16 16 34-4 12-14 14Z", colour)
        for x, colour in ((146, ORANGE), (200, SUN), (254, ORANGE))
    )
    return steam + handles + pot + gleam + lid + knob + flames


def reading(paint: Paint) -> str:
    """A pile of books, one of them open."""
    pile = bar(96, 286, 212, 40, ROSE, r=8) + bar(96, 296, 200, 20, CREAM) + bar(84, 286, 30, 40, ROSE, r=8)
    pile += bar(112, 246, 190, 40, paint.main, r=8) + bar(122, 256, 180, 20, CREAM) + bar(104, 246, 28, 40, paint.main)
    left = shape("M200 236Q150 196 82 214V92Q150 76 200 112Z", CREAM)
    right = shape("M200 236Q250 196 318 214V92Q250 76 200 112Z", CLOUD)
    lines = stroke("M104 122q40-8 74 10M104 150q40-8 74 10M104 178q40-8 74 10", BARK, 5)
    lines += stroke("M296 122q-40-8-74 10M296 150q-40-8-74 10M296 178q-40-8-74 10", STEEL, 5)
    return pile + left + right + lines + stroke("M200 112V236", STEEL, 4) + spark(336, 66, 20, paint.spark)


def photography(paint: Paint) -> str:
    """A camera with its lens."""
    body = bar(66, 134, 268, 176, CREAM, r=26) + shape("M146 134l18-34h72l18 34Z", CLOUD)
    stripe = bar(66, 188, 268, 58, paint.main)
    lens = disc(200, 218, 76, CREAM) + disc(200, 218, 62, NIGHT) + disc(200, 218, 44, SKY)
    lens += disc(200, 218, 24, NIGHT) + disc(182, 198, 11, "#FFFFFF")
    details = bar(92, 118, 44, 18, ROSE, r=7) + disc(300, 164, 12, SUN)
    return body + stripe + lens + details + ring(200, 218, 69, CLOUD, 3)
