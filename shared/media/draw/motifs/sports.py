"""Motifs of ball games and of what is done outdoors."""

from math import cos, pi, sin

from shared.media.draw.motifs.paint import (
    BARK,
    CLOUD,
    CREAM,
    EMBER,
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
    polygon,
    ring,
    shape,
    spark,
    stroke,
    turned,
)


def basketball(paint: Paint) -> str:
    """A ball on its way to the hoop."""
    x, y, r = 158, 252, 96
    seams = (
        stroke(f"M{x - r} {y}H{x + r}M{x} {y - r}V{y + r}", "#5B2C12", 6)
        + stroke(f"M{x - 62} {y - 78}Q{x - 14} {y} {x - 62} {y + 78}", "#5B2C12", 6)
        + stroke(f"M{x + 62} {y - 78}Q{x + 14} {y} {x + 62} {y + 78}", "#5B2C12", 6)
    )
    ball = disc(x, y, r, ORANGE) + clipped(
        "basketball-ball",
        f'<circle cx="{x}" cy="{y}" r="{r}"/>',
        disc(x + 26, y + 34, r, EMBER).replace("/>", ' opacity=".55"/>'),
    )
    board = bar(206, 46, 148, 104, CREAM, r=8) + (
        f'<rect x="252" y="86" width="56" height="44" fill="none" stroke="{paint.main}" stroke-width="7"/>'
    )
    net = stroke("M236 150l12 62h64l12-62M258 152l10 60M280 152v60M302 152l-10 60M240 172h80M244 192h72", CLOUD, 4.5)
    rim = stroke("M230 150h100", ROSE, 10)
    flight = stroke("M60 330Q70 190 150 120", paint.light, 6).replace("/>", ' stroke-dasharray="2 18"/>')
    return (
        board
        + net
        + rim
        + flight
        + ball
        + clipped("basketball-seams", f'<circle cx="{x}" cy="{y}" r="{r}"/>', turned(seams, -24, x, y))
    )


def soccer(paint: Paint) -> str:
    """A ball of hexagons and pentagons on the grass."""
    x, y, r = 200, 190, 118
    outline = f'<circle cx="{x}" cy="{y}" r="{r}"/>'
    spots = shape(polygon(x, y, 42, 5, -90), NIGHT)
    lines = ""
    for index in range(5):
        angle = (-90 + 72 * index) * pi / 180
        cx, cy = x + 118 * cos(angle), y + 118 * sin(angle)
        spots += shape(polygon(cx, cy, 44, 5, 90 + 72 * index), NIGHT)
        lines += stroke(f"M{x + 42 * cos(angle)} {y + 42 * sin(angle)}L{cx} {cy}", NIGHT, 5)
        side = angle + 36 * pi / 180
        for turn in (-1, 1):
            spot = side + turn * 36 * pi / 180
            fx, fy = x + 92 * cos(spot), y + 92 * sin(spot)
            lines += stroke(f"M{x + 84 * cos(side)} {y + 84 * sin(side)}L{fx} {fy}", NIGHT, 5)
    shade = disc(x + 30, y + 36, r, CLOUD)
    grass = clipped("soccer-lawn", '<circle cx="200" cy="200" r="190"/>', bar(0, 298, 400, 110, LEAF))
    blades = stroke("M96 300l-8-22M112 300l4-26M282 300l8-24M300 300l-4-20M66 300l-2-16M334 300l6-18", LEAF, 6)
    trail = stroke("M30 150h40M20 190h44M34 230h36", paint.light, 7)
    return (
        grass
        + blades
        + trail
        + oval(x, 306, 84, 12, "#3C8F50")
        + disc(x, y, r, "#FFFFFF")
        + clipped("soccer-ball", outline, shade.replace("/>", ' opacity=".6"/>') + spots + lines)
    )


def baseball(paint: Paint) -> str:
    """A ball with its stitches, and the bat."""
    bat = shape("M84 322l-10-10L236 126c14-18 46-58 66-68s40 0 46 12-2 36-14 52c-18 24-54 40-68 50Z", WOOD)
    bat += shape("M236 126c14-18 46-58 66-68 14-7 28-4 38 2L96 322l-12 0-10-10Z", "#DDA566")
    knob = disc(72, 326, 20, BARK)
    x, y, r = 138, 150, 84
    seams = stroke(f"M{x - 62} {y - 58}Q{x - 10} {y} {x - 62} {y + 58}", ROSE, 5)
    seams += stroke(f"M{x + 62} {y - 58}Q{x + 10} {y} {x + 62} {y + 58}", ROSE, 5)
    for step in range(-2, 3):
        dx = 37 + abs(step) * 5
        seams += stroke(f"M{x - dx - 9} {y + step * 24 - 4}l18 8M{x + dx + 9} {y + step * 24 - 4}l-18 8", ROSE, 5)
    ball = disc(x, y, r, "#FFFFFF") + clipped(
        "baseball-ball",
        f'<circle cx="{x}" cy="{y}" r="{r}"/>',
        disc(x + 22, y + 26, r, CLOUD).replace("/>", ' opacity=".55"/>') + seams,
    )
    return bat + knob + ball + spark(300, 276, 26, paint.spark) + spark(338, 232, 13, paint.light)


def football(paint: Paint) -> str:
    """The oval ball with its laces, in flight."""
    body = shape("M60 200Q120 96 200 96T340 200Q280 304 200 304T60 200Z", "#A5572C")
    shade = clipped(
        "football-ball",
        '<path d="M60 200Q120 96 200 96T340 200Q280 304 200 304T60 200Z"/>',
        shape("M40 232Q200 330 360 210V340H40Z", "#84401C")
        + bar(96, 80, 24, 240, CREAM)
        + bar(280, 80, 24, 240, CREAM),
    )
    laces = stroke("M152 186h96M166 170v32M190 170v32M214 170v32M238 170v32", CREAM, 8)
    flight = stroke("M52 300q26-8 44-30M92 338q36-10 58-34", paint.light, 7)
    return flight + turned(body + shade + laces, -24)


def swimming(paint: Paint) -> str:
    """A swimmer between the waves."""
    sun = disc(296, 100, 34, SUN)
    arm = stroke("M196 216Q214 128 282 150Q318 162 326 190", "#E9B08A", 26)
    torso = stroke("M196 222Q120 214 66 236", paint.main, 40)
    head = disc(240, 206, 40, "#E9B08A")
    cap = shape("M200 206a40 40 0 0 1 76-18q-36 6-58 30Z", ROSE)
    goggles = stroke("M216 204q26-12 60-6", NIGHT, 6) + oval(262, 206, 14, 10, NIGHT) + oval(262, 204, 9, 6, SKY)
    water = clipped(
        "swimming-pool",
        '<circle cx="200" cy="200" r="190"/>',
        shape("M0 244q34-26 67 0t67 0 67 0 67 0 67 0 67 0V400H0Z", SKY)
        + shape("M0 286q34-26 67 0t67 0 67 0 67 0 67 0 67 0V400H0Z", "#3A93D6")
        + shape("M0 330q34-26 67 0t67 0 67 0 67 0 67 0 67 0V400H0Z", "#2876BA"),
    )
    drops = disc(350, 164, 8, CLOUD) + disc(366, 190, 5, CLOUD) + disc(336, 142, 5, CLOUD)
    return sun + arm + torso + head + cap + goggles + water + drops


def skateboarding(paint: Paint) -> str:
    """A board jumping off a ramp."""
    ramp = clipped(
        "skateboarding-ramp",
        '<circle cx="200" cy="200" r="190"/>',
        shape("M60 400V330Q230 330 300 190H330V400Z", paint.main) + shape("M300 190h46v12h-52Z", CREAM),
    )
    deck = stroke("M74 168Q92 190 120 190H276Q304 190 322 168", SLATE, 22)
    grip = stroke("M82 164Q98 180 122 180H274Q298 180 314 164", ROSE, 8)
    trucks = bar(118, 198, 26, 18, STEEL, r=5) + bar(252, 198, 26, 18, STEEL, r=5)
    wheels = disc(131, 224, 21, SUN) + disc(265, 224, 21, SUN) + disc(131, 224, 8, CREAM) + disc(265, 224, 8, CREAM)
    board = turned(deck + grip + trucks + wheels, -20, 198, 190)
    moves = stroke("M62 262l-26 16M84 292l-30 18M112 318l-26 16", paint.light, 7)
    return ramp + f'<g transform="translate(-14 -46)">{board}</g>' + moves + spark(330, 84, 22, paint.spark)


def cycling(paint: Paint) -> str:
    """A bicycle on its way."""
    wheels = ""
    for x in (106, 294):
        wheels += ring(x, 248, 70, SLATE, 13) + ring(x, 248, 62, CLOUD, 4)
        wheels += "".join(
            stroke(f"M{x} 248L{x + 60 * cos(angle * pi / 180):.1f} {248 + 60 * sin(angle * pi / 180):.1f}", STEEL, 2.5)
            for angle in range(0, 360, 30)
        )
        wheels += disc(x, 248, 9, STEEL)
    frame = stroke("M106 248L152 158H258L196 248ZM196 248L144 142M294 248L250 128", ROSE, 13)
    fork = stroke("M250 128l-8-22h34q16 2 14 20", CLOUD, 11)
    seat = stroke("M122 138h46", CLOUD, 16)
    pedal = disc(196, 248, 20, SUN) + disc(196, 248, 8, NIGHT) + stroke("M196 248l16 36M202 286h22", CLOUD, 8)
    road = stroke("M40 326H360", paint.light, 8) + stroke("M90 350h60M190 350h110", paint.light, 5)
    return road + wheels + frame + fork + seat + pedal


def tennis(paint: Paint) -> str:
    """A racket and the ball."""
    strings = "".join(stroke(f"M{x} 60V230", CREAM, 3) for x in range(160, 260, 18))
    strings += "".join(stroke(f"M140 {y}H260", CREAM, 3) for y in range(72, 230, 18))
    head = clipped("tennis-strings", '<ellipse cx="200" cy="144" rx="66" ry="86"/>', strings)
    rim = f'<ellipse cx="200" cy="144" rx="66" ry="86" fill="none" stroke="{ROSE}" stroke-width="15"/>'
    throat = stroke("M168 218L200 268L232 218", ROSE, 12) + stroke("M200 262V350", SLATE, 24)
    grip = stroke("M192 300l16 8M192 322l16 8", STEEL, 5)
    ball = disc(110, 268, 46, "#D5E84B") + clipped(
        "tennis-ball",
        '<circle cx="110" cy="268" r="46"/>',
        stroke("M68 244Q112 262 96 318M126 220Q112 258 158 276", CREAM, 6),
    )
    return turned(head + rim + throat + grip, 28) + ball + spark(86, 120, 20, paint.spark)
