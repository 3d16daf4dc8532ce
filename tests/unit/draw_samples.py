"""Storyboards with real content for the tests of drawing, one scene or more of every kind of visual."""

from shared.enums import LessonStyle, SceneKind
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonRow,
    ComparisonVisual,
    CreditLine,
    CreditsVisual,
    Cued,
    DefinitionVisual,
    DiagramEdge,
    DiagramNode,
    DiagramVisual,
    EquationSymbol,
    EquationVisual,
    ExampleStep,
    ForceArrow,
    ImageVisual,
    PlotMarker,
    PlotVisual,
    QuizVisual,
    Scene,
    SourceCredit,
    Storyboard,
    TitleVisual,
    Visual,
    WorkedExampleVisual,
)
from shared.media.draw import limits
from shared.services import SpokenWord

OPENSTAX = "OpenStax, Rice University. Access for free at openstax.org."


def storyboard(title: str, book: str, interest: str, scenes: list[tuple[SceneKind, str, Visual]]) -> Storyboard:
    """A storyboard around scenes given as (kind, narration, visual)."""
    return Storyboard(
        title=title,
        objectives=[],
        grade_level=10,
        interest=interest,
        style=LessonStyle.BALANCED,
        language="en",
        duration_seconds=90,
        scenes=[
            Scene(id=f"scene-{index + 1:02d}", kind=kind, narration=narration, visual=visual, citations=["p"])
            for index, (kind, narration, visual) in enumerate(scenes)
        ],
        key_terms=[],
        quiz=[],
        sources=[
            SourceCredit(
                book=book,
                sections=["1.1"],
                attribution=OPENSTAX,
                licence="CC BY 4.0",
                url="https://openstax.org",
                passage_ids=["p"],
            )
        ],
        supported_share=1.0,
    )


def words(narration: str, per_second: float = 2.6) -> tuple[SpokenWord, ...]:
    """The narration as if every word took the same time."""
    return tuple(
        SpokenWord(text=word, start=index / per_second, end=(index + 1) / per_second)
        for index, word in enumerate(narration.split())
    )


def seconds(narration: str) -> float:
    """Length of the clip that `words` describes, with a little silence."""
    return len(narration.split()) / 2.6 + 0.4


def photosynthesis() -> Storyboard:
    """Biology: title, objectives, definition, cycle, flow, equation of a reaction, comparison, quiz, recap, credits."""
    return storyboard(
        "How photosynthesis works",
        "Biology 2e",
        "cooking",
        [
            (
                SceneKind.HOOK,
                "Every meal you cook began as sunlight. Let us see how a leaf turns light into food.",
                TitleVisual(
                    heading="How photosynthesis works",
                    subheading="From sunlight to sugar, the recipe of a leaf",
                    motif="cooking",
                ),
            ),
            (
                SceneKind.OBJECTIVES,
                "You will learn what photosynthesis needs and makes, what the light-dependent reactions do, "
                "and how the Calvin cycle builds sugar.",
                BulletsVisual(
                    heading="By the end of this lesson you can",
                    items=[
                        Cued(text="Name what photosynthesis needs and what it makes", cue="what photosynthesis needs"),
                        Cued(text="Explain what the light-dependent reactions do", cue="light-dependent reactions"),
                        Cued(text="Describe how the Calvin cycle builds sugar", cue="Calvin cycle"),
                    ],
                    numbered=True,
                ),
            ),
            (
                SceneKind.DEFINITION,
                "Photosynthesis is the process by which plants turn light energy into chemical energy, which they "
                "store in sugar. For example, a leaf makes glucose.",
                DefinitionVisual(
                    term="Photosynthesis",
                    meaning=Cued(
                        text="The process by which plants, algae and some bacteria turn light energy into chemical "
                        "energy stored in sugar.",
                        cue="process",
                    ),
                    note=Cued(
                        text="A leaf in the sun makes glucose, C₆H₁₂O₆, out of air and water.", cue="For example"
                    ),
                ),
            ),
            (
                SceneKind.PROCESS,
                "Sunlight reaches the chloroplast. Water is split. Energy carriers are charged, and the Calvin cycle "
                "uses them. Sugar leaves the leaf.",
                DiagramVisual(
                    heading="From light to sugar",
                    layout="flow",
                    nodes=[
                        DiagramNode(id="light", label="Sunlight", detail="reaches the chloroplast", cue="Sunlight"),
                        DiagramNode(id="split", label="Water is split", detail="oxygen is set free", cue="Water"),
                        DiagramNode(id="atp", label="ATP and NADPH", detail="are charged with energy", cue="Energy"),
                        DiagramNode(id="calvin", label="Calvin cycle", detail="fixes CO₂ in the stroma", cue="Calvin"),
                        DiagramNode(id="sugar", label="Sugar", detail="feeds the plant", cue="Sugar"),
                    ],
                ),
            ),
            (
                SceneKind.EQUATION,
                "Six carbon dioxide and six water become glucose and six oxygen, with the energy of light. Carbon "
                "dioxide comes from the air, water from the roots, and glucose is the sugar.",
                EquationVisual(
                    heading="Photosynthesis in one line",
                    latex=r"\ce{6CO2 + 6H2O ->[light] C6H12O6 + 6O2}",
                    cue="Six carbon",
                    symbols=[
                        EquationSymbol(latex=r"\ce{CO2}", meaning="carbon dioxide, from the air", cue="Carbon dioxide"),
                        EquationSymbol(latex=r"\ce{H2O}", meaning="water, from the roots", cue="water from"),
                        EquationSymbol(latex=r"\ce{C6H12O6}", meaning="glucose, a sugar", cue="glucose is"),
                    ],
                ),
            ),
            (
                SceneKind.PROCESS,
                "In the Calvin cycle carbon is fixed by rubisco, then reduced with ATP and NADPH, and RuBP is "
                "regenerated.",
                DiagramVisual(
                    heading="The Calvin cycle",
                    layout="cycle",
                    nodes=[
                        DiagramNode(id="fix", label="Fixation", detail="rubisco binds CO₂ to RuBP", cue="fixed"),
                        DiagramNode(id="reduce", label="Reduction", detail="3-PGA becomes G3P", cue="reduced"),
                        DiagramNode(id="renew", label="Regeneration", detail="RuBP is made again", cue="RuBP"),
                    ],
                    edges=[
                        DiagramEdge(source="fix", target="reduce", label="uses ATP and NADPH", cue="reduced"),
                        DiagramEdge(source="reduce", target="renew", label="5 of 6 G3P stay", cue="RuBP"),
                        DiagramEdge(source="renew", target="fix", label="uses ATP", cue="regenerated"),
                    ],
                    caption="One turn fixes one carbon atom; six turns make one glucose.",
                ),
            ),
            (
                SceneKind.COMPARISON,
                "The two stages differ in place, in what goes in, and in what comes out.",
                ComparisonVisual(
                    heading="Two stages, one leaf",
                    columns=["Light-dependent reactions", "Calvin cycle"],
                    rows=[
                        ComparisonRow(label="Where", cells=["Thylakoid membrane", "Stroma"], cue="place"),
                        ComparisonRow(label="Goes in", cells=["Light, water", "CO₂, ATP, NADPH"], cue="goes in"),
                        ComparisonRow(label="Comes out", cells=["O₂, ATP, NADPH", "Sugar (G3P)"], cue="comes out"),
                    ],
                ),
            ),
            (
                SceneKind.QUIZ,
                "Your turn. Where does the oxygen that plants give off come from? It comes from water.",
                QuizVisual(
                    question="Where does the oxygen that plants give off come from?",
                    options=["Carbon dioxide", "Water", "Glucose", "The soil"],
                    answer_index=1,
                    answer_cue="from water",
                ),
            ),
            (
                SceneKind.RECAP,
                "So, light energy is captured in the thylakoids, the Calvin cycle builds sugar in the stroma, "
                "and oxygen is given off.",
                BulletsVisual(
                    heading="What to remember",
                    items=[
                        Cued(text="Light is captured in the thylakoids and charges ATP and NADPH", cue="light energy"),
                        Cued(text="The Calvin cycle builds sugar in the stroma", cue="the Calvin cycle"),
                        Cued(text="Oxygen, from water, is given off", cue="oxygen"),
                    ],
                ),
            ),
            (
                SceneKind.CREDITS,
                "This lesson follows Biology, second edition, from OpenStax.",
                CreditsVisual(
                    heading="Where this comes from",
                    lines=[
                        CreditLine(
                            attribution="Biology 2e, by Mary Ann Clark, Matthew Douglas and Jung Choi. " + OPENSTAX,
                            licence="CC BY 4.0",
                            url="https://openstax.org/books/biology-2e",
                        )
                    ],
                ),
            ),
        ],
    )


def newton() -> Storyboard:
    """Physics with basketball: forces, a connection, a worked example, a misconception, a hub."""
    return storyboard(
        "Newton’s third law",
        "Physics",
        "basketball",
        [
            (
                SceneKind.HOOK,
                "Why does a basketball bounce?",
                TitleVisual(heading="Newton’s third law", subheading="Why the floor pushes back", motif="basketball"),
            ),
            (
                SceneKind.CONNECTION,
                "When you jump for a rebound, you push the floor down, and the floor pushes you up.",
                DiagramVisual(
                    heading="Jumping for a rebound",
                    layout="forces",
                    nodes=[
                        DiagramNode(id="player", label="Player"),
                        DiagramNode(id="floor", label="Floor"),
                    ],
                    forces=[
                        ForceArrow(
                            node="player", direction=90, label="Floor pushes player", cue="the floor pushes you"
                        ),
                        ForceArrow(node="floor", direction=270, label="Player pushes floor", cue="you push"),
                    ],
                    caption="Two forces, equal in size, opposite in direction, on two different bodies",
                ),
            ),
            (
                SceneKind.CONNECTION,
                "On the court the law is everywhere: in a dribble, a pass, and a jump.",
                BulletsVisual(
                    heading="The law on the court",
                    items=[
                        Cued(text="Dribble: the ball pushes the floor, the floor pushes the ball", cue="dribble"),
                        Cued(text="Pass: your hands push the ball, the ball pushes your hands", cue="pass"),
                        Cued(text="Jump: you push down, the floor pushes you up", cue="jump"),
                    ],
                ),
            ),
            (
                SceneKind.EQUATION,
                "The force of A on B equals minus the force of B on A.",
                EquationVisual(
                    heading="Action equals reaction",
                    latex=r"\vec{F}_{AB} = -\vec{F}_{BA}",
                    symbols=[
                        EquationSymbol(latex=r"\vec{F}_{AB}", meaning="force of A on B, in newtons", cue="A on B"),
                        EquationSymbol(latex=r"\vec{F}_{BA}", meaning="force of B on A, in newtons", cue="B on A"),
                    ],
                ),
            ),
            (
                SceneKind.WORKED_EXAMPLE,
                "A player of eighty kilograms is pushed up with one thousand newtons. First find her weight, then "
                "the net force, then the acceleration. She accelerates at two point seven.",
                WorkedExampleVisual(
                    heading="How fast does she leave the floor?",
                    problem="A player of mass 80 kg pushes the floor down with 1000 N. With what acceleration does she "
                    "rise? Take g = 9.8 m/s².",
                    steps=[
                        ExampleStep(text="Her weight pulls her down:", latex=r"w = mg = 784\,\text{N}", cue="weight"),
                        ExampleStep(
                            text="The floor pushes back, so the net force is",
                            latex=r"F_{\text{net}} = 1000\,\text{N} - 784\,\text{N} = 216\,\text{N}",
                            cue="net force",
                        ),
                        ExampleStep(
                            text="Newton’s second law gives",
                            latex=r"a = \frac{F_{\text{net}}}{m} = \frac{216\,\text{N}}{80\,\text{kg}}",
                            cue="acceleration",
                        ),
                    ],
                    answer=Cued(text="She accelerates upward at 2.7 m/s²", cue="She accelerates"),
                ),
            ),
            (
                SceneKind.MISCONCEPTION,
                "The two forces do not cancel, for they act on different bodies.",
                BulletsVisual(
                    heading="“The two forces cancel out”",
                    items=[
                        Cued(text="They act on different bodies, so they cannot cancel", cue="do not cancel"),
                        Cued(text="Only forces on the same body add up", cue="different bodies"),
                    ],
                ),
            ),
            (
                SceneKind.KEY_POINTS,
                "A force is an interaction. It has a size, a direction, a partner and a point of contact.",
                DiagramVisual(
                    heading="What belongs to a force",
                    layout="hub",
                    nodes=[
                        DiagramNode(id="f", label="Force", detail="an interaction"),
                        DiagramNode(id="s", label="Size", detail="in newtons", cue="size"),
                        DiagramNode(id="d", label="Direction", detail="an arrow shows it", cue="direction"),
                        DiagramNode(id="p", label="Partner", detail="equal and opposite", cue="partner"),
                        DiagramNode(id="c", label="Point of contact", detail="where it acts", cue="point"),
                    ],
                ),
            ),
            (
                SceneKind.CONNECTION,
                "A ball lies on the floor. Weight pulls down, the floor pushes up, friction and a push act sideways.",
                DiagramVisual(
                    heading="All forces on one ball",
                    layout="forces",
                    nodes=[DiagramNode(id="ball", label="Ball", detail="0.62 kg")],
                    forces=[
                        ForceArrow(node="ball", direction=270, label="Weight, 6.1 N", cue="Weight"),
                        ForceArrow(node="ball", direction=90, label="Normal force, 6.1 N", cue="the floor pushes"),
                        ForceArrow(node="ball", direction=0, magnitude=1.4, label="Push, 8.5 N", cue="push act"),
                        ForceArrow(node="ball", direction=180, magnitude=0.4, label="Friction", cue="friction"),
                    ],
                ),
            ),
        ],
    )


def quadratics() -> Storyboard:
    """Mathematics: plots, formulas, a tree, a table of three, an image."""
    return storyboard(
        "Quadratic functions and their graphs",
        "Algebra and Trigonometry 2e",
        "skateboarding",
        [
            (
                SceneKind.PROCESS,
                "The parabola opens upward. Its vertex is the lowest point, and it crosses the axis at one and five.",
                PlotVisual(
                    heading="The graph of a quadratic function",
                    expression="x**2 - 6*x + 5",
                    domain=(-1, 7),
                    x_label="x",
                    y_label="y = x² − 6x + 5",
                    cue="parabola",
                    markers=[
                        PlotMarker(x=3, label="Vertex (3, −4)", cue="vertex"),
                        PlotMarker(x=1, label="x = 1", cue="one"),
                        PlotMarker(x=5, label="x = 5", cue="five"),
                    ],
                ),
            ),
            (
                SceneKind.PROCESS,
                "The height of the skater falls and rises.",
                PlotVisual(
                    heading="Height on the half-pipe",
                    expression="1.5 + 1.5*cos(2*pi*x/4)",
                    domain=(0, 10),
                    x_label="time in seconds",
                    y_label="height in metres",
                    cue="height",
                    markers=[PlotMarker(x=2, label="lowest point", cue="falls")],
                ),
            ),
            (
                SceneKind.EQUATION,
                "The quadratic formula gives the solutions.",
                EquationVisual(
                    heading="The quadratic formula",
                    latex=r"x = \frac{-b \pm \sqrt{b^{2} - 4ac}}{2a}",
                    symbols=[
                        EquationSymbol(latex="a", meaning="coefficient of x², not zero"),
                        EquationSymbol(latex="b", meaning="coefficient of x"),
                        EquationSymbol(latex="c", meaning="constant term"),
                        EquationSymbol(latex=r"\pm", meaning="one solution for each sign"),
                        EquationSymbol(latex=r"b^{2}-4ac", meaning="the discriminant"),
                    ],
                ),
            ),
            (
                SceneKind.COMPARISON,
                "The discriminant tells how many solutions there are.",
                ComparisonVisual(
                    heading="What the discriminant tells",
                    columns=["Positive", "Zero", "Negative"],
                    rows=[
                        ComparisonRow(label="Solutions", cells=["two", "one", "none"], cue="solutions"),
                        ComparisonRow(label="The parabola", cells=["crosses the axis", "touches it", "misses it"]),
                        ComparisonRow(label="Example", cells=["x² − 1 = 0", "x² = 0", "x² + 1 = 0"]),
                    ],
                ),
            ),
            (
                SceneKind.KEY_POINTS,
                "Functions are linear, quadratic, or exponential.",
                DiagramVisual(
                    heading="A family of functions",
                    layout="tree",
                    nodes=[
                        DiagramNode(id="f", label="Functions"),
                        DiagramNode(id="p", label="Polynomial", cue="linear"),
                        DiagramNode(id="e", label="Exponential", detail="y = 2ˣ", cue="exponential"),
                        DiagramNode(id="l", label="Linear", detail="y = 2x + 1", cue="linear"),
                        DiagramNode(id="q", label="Quadratic", detail="y = x²", cue="quadratic"),
                        DiagramNode(id="c", label="Cubic", detail="y = x³"),
                    ],
                    edges=[
                        DiagramEdge(source="f", target="p", cue="linear"),
                        DiagramEdge(source="f", target="e", cue="exponential"),
                        DiagramEdge(source="p", target="l", cue="linear"),
                        DiagramEdge(source="p", target="q", cue="quadratic"),
                        DiagramEdge(source="p", target="c"),
                    ],
                ),
            ),
            (
                SceneKind.HOOK,
                "Picture a half-pipe.",
                ImageVisual(
                    heading="A parabola you can ride",
                    prompt="a half-pipe",
                    alt="A half-pipe seen from the side: its curve falls steeply, flattens at the bottom and rises "
                    "again, like the graph of a quadratic function.",
                ),
            ),
            (
                SceneKind.QUIZ,
                "Which one opens downward? Minus x squared does.",
                QuizVisual(
                    question="Which of these parabolas opens downward?",
                    options=["y = x² + 4", "y = −x² + 4", "y = 4x² − 1"],
                    answer_index=1,
                    answer_cue="Minus",
                ),
            ),
            (
                SceneKind.WORKED_EXAMPLE,
                "We factor, then solve.",
                WorkedExampleVisual(
                    heading="Solve by factoring",
                    problem="Solve x² − 6x + 5 = 0.",
                    steps=[
                        ExampleStep(latex=r"x^{2} - 6x + 5 = 0"),
                        ExampleStep(
                            text="Find two numbers with product 5 and sum −6: they are −1 and −5.", cue="factor"
                        ),
                        ExampleStep(latex=r"(x - 1)(x - 5) = 0", cue="factor"),
                        ExampleStep(text="A product is zero when a factor is zero.", cue="solve"),
                    ],
                    answer=Cued(text="x = 1 or x = 5", cue="solve"),
                ),
            ),
        ],
    )


def water() -> Storyboard:
    """Earth science, the longer diagrams: a cycle of six, a flow with labels, a hub of six, many credits."""
    return storyboard(
        "The water cycle, from cloud to sea and back again",
        "Concepts of Environmental Science",
        "space",
        [
            (
                SceneKind.PROCESS,
                "Water evaporates, condenses, falls, runs off, seeps in and flows back.",
                DiagramVisual(
                    heading="The water cycle",
                    layout="cycle",
                    nodes=[
                        DiagramNode(id=name.lower(), label=name, cue=cue)
                        for name, cue in (
                            ("Evaporation", "evaporates"),
                            ("Condensation", "condenses"),
                            ("Precipitation", "falls"),
                            ("Runoff", "runs"),
                            ("Infiltration", "seeps"),
                            ("Groundwater flow", "flows"),
                        )
                    ],
                ),
            ),
            (
                SceneKind.PROCESS,
                "Heat turns ice into water and water into vapour.",
                DiagramVisual(
                    heading="Changes of state",
                    layout="flow",
                    nodes=[
                        DiagramNode(id="ice", label="Ice", detail="solid"),
                        DiagramNode(id="water", label="Water", detail="liquid"),
                        DiagramNode(id="vapour", label="Vapour", detail="gas"),
                    ],
                    edges=[
                        DiagramEdge(source="ice", target="water", label="melting"),
                        DiagramEdge(source="water", target="vapour", label="evaporation"),
                    ],
                ),
            ),
            (
                SceneKind.KEY_POINTS,
                "Water is stored in many places.",
                DiagramVisual(
                    heading="Where water is stored",
                    layout="hub",
                    nodes=[
                        DiagramNode(id="w", label="Water on Earth"),
                        *(
                            DiagramNode(id=f"n{index}", label=label, detail=detail)
                            for index, (label, detail) in enumerate(
                                (
                                    ("Oceans", "96.5 %"),
                                    ("Ice caps and glaciers", "1.74 %"),
                                    ("Groundwater", "1.69 %"),
                                    ("Lakes and rivers", "0.01 %"),
                                    ("Soil", "0.001 %"),
                                    ("Atmosphere", "0.001 %"),
                                )
                            )
                        ),
                    ],
                ),
            ),
            (
                SceneKind.KEY_POINTS,
                "Five facts.",
                BulletsVisual(
                    heading="Five facts about water on our planet",
                    items=[
                        Cued(text="Most of it is salt water in the oceans"),
                        Cued(text="A molecule stays in the air for about nine days, and in the deep sea for millennia"),
                        Cued(text="Evaporation takes up heat: 2.3 × 10⁶ J for each kilogram"),
                        Cued(text="Plants give off water through their leaves"),
                        Cued(text="Groundwater feeds springs and rivers"),
                    ],
                ),
            ),
            (
                SceneKind.DEFINITION,
                "Transpiration.",
                DefinitionVisual(term="Transpiration", meaning=Cued(text="The loss of water from a plant’s leaves.")),
            ),
            (
                SceneKind.EQUATION,
                "Energy is mass times latent heat.",
                EquationVisual(heading="Heat of evaporation", latex=r"Q = m L_{v}"),
            ),
            (
                SceneKind.QUIZ,
                "True or false?",
                QuizVisual(
                    question="True or false: most of the Earth’s fresh water is found in lakes and rivers.",
                    options=["True", "False"],
                    answer_index=1,
                ),
            ),
            (
                SceneKind.CREDITS,
                "Thanks to the books.",
                CreditsVisual(
                    heading="Sources and licences",
                    lines=[
                        CreditLine(attribution=f"{book}. {OPENSTAX}", licence="CC BY 4.0", url=url, changed=changed)
                        for book, url, changed in (
                            ("Biology 2e", "https://openstax.org/books/biology-2e", True),
                            ("College Physics 2e", "https://openstax.org/books/college-physics-2e", True),
                            ("Chemistry: Atoms First 2e", "https://openstax.org/books/chemistry-atoms-first-2e", False),
                        )
                    ],
                ),
            ),
        ],
    )


def all_storyboards() -> list[Storyboard]:
    """Every sample."""
    return [photosynthesis(), newton(), quadratics(), water()]


_PROSE = (
    "the leaf turns light into chemical energy and sugar while carbon dioxide enters through small openings called "
    "stomata and oxygen leaves the plant during photosynthesis in every chloroplast"
)


def prose(characters: int, start: int = 0) -> str:
    """Ordinary words, as many as go into so many characters, beginning at another word for another `start`."""
    ordinary = _PROSE.split()
    text = ""
    for index in range(start, start + characters):
        longer = f"{text} {ordinary[index % len(ordinary)]}".strip()
        if len(longer) > characters:
            break
        text = longer
    return text or ordinary[start % len(ordinary)][:characters]


def at_limits() -> list[tuple[SceneKind, Visual]]:
    """Every kind of visual with each number of parts, all texts as long as `limits` promises that they fit."""
    heading = prose(limits.HEADING)
    found: list[tuple[SceneKind, Visual]] = [
        (SceneKind.HOOK, TitleVisual(heading=prose(limits.TITLE), subheading=prose(limits.SUBTITLE, 3))),
        (SceneKind.HOOK, ImageVisual(heading=heading, prompt="x", alt=prose(limits.ALTERNATIVE_TEXT))),
    ]
    term, meaning = prose(limits.TERM, 10), Cued(text=prose(limits.MEANING))
    for note in (None, Cued(text=prose(limits.NOTE, 5))):
        found.append((SceneKind.DEFINITION, DefinitionVisual(term=term, meaning=meaning, note=note)))
    for count in range(1, 6):
        items = [Cued(text=prose(limits.BULLET, index)) for index in range(count)]
        found += [(kind, BulletsVisual(heading=heading, items=items)) for kind in (SceneKind.HOOK, SceneKind.RECAP)]
        symbols = [
            EquationSymbol(latex=r"F_{\text{net}}", meaning=prose(limits.SYMBOL_MEANING, index))
            for index in range(count)
        ]
        latex = r"x = \frac{-b \pm \sqrt{b^{2} - 4ac}}{2a}"
        found.append((SceneKind.EQUATION, EquationVisual(heading=heading, latex=latex, symbols=symbols)))
        found.append((SceneKind.WORKED_EXAMPLE, _long_example(heading, count)))
        for columns in (2, 3):
            found.append((SceneKind.COMPARISON, _long_comparison(heading, columns, count)))
    for count in range(2, 5):
        options = [prose(limits.OPTION, index) for index in range(count)]
        quiz = QuizVisual(question=prose(limits.QUESTION), options=options, answer_index=count - 1)
        found.append((SceneKind.QUIZ, quiz))
    for count in range(1, 5):
        lines = [
            CreditLine(
                attribution=prose(limits.ATTRIBUTION, index),
                licence="CC BY-NC-SA 4.0",
                url="https://" + "openstax.org/books/introductory-business-statistics-2e"[: limits.ADDRESS],
            )
            for index in range(count)
        ]
        found.append((SceneKind.CREDITS, CreditsVisual(heading=heading, lines=lines)))
    found += [(SceneKind.PROCESS, visual) for visual in (*_long_plots(heading), *_long_diagrams(heading))]
    return found


def _long_example(heading: str, count: int) -> WorkedExampleVisual:
    latex = r"F = ma = 12\,\text{N}"
    steps = [
        ExampleStep(text=prose(limits.STEP, index), latex=latex)
        if count <= 3
        else ExampleStep(text=prose(limits.SHORT_STEP, index))
        if index % 2
        else ExampleStep(latex=latex)
        for index in range(count)
    ]
    answer = Cued(text=prose(limits.ANSWER))
    return WorkedExampleVisual(heading=heading, problem=prose(limits.PROBLEM), steps=steps, answer=answer)


def _long_comparison(heading: str, columns: int, count: int) -> ComparisonVisual:
    rows = [
        ComparisonRow(
            label=prose(limits.ROW_LABEL, index),
            cells=[prose(limits.CELL, index + column) for column in range(columns)],
        )
        for index in range(count)
    ]
    return ComparisonVisual(
        heading=heading, columns=[prose(limits.COLUMN, index) for index in range(columns)], rows=rows
    )


def _long_plots(heading: str) -> list[PlotVisual]:
    functions: list[tuple[str, tuple[float, float]]] = [
        ("x**2-4", (-3, 3)),
        ("exp(x)", (0, 10)),
        ("sin(x)*exp(-x/5)", (0, 20)),
        ("5", (0, 3)),
        ("1e-6*x", (0, 1)),
        ("20000*x+3", (0, 90000)),
        ("sqrt(x)", (-1, 4)),
        ("-abs(x)", (-2, 2)),
    ]
    return [
        PlotVisual(
            heading=heading,
            expression=expression,
            domain=(low, high),
            x_label=prose(limits.AXIS_LABEL),
            y_label=prose(limits.AXIS_LABEL, 4),
            markers=[
                PlotMarker(x=low + (high - low) * share, label=prose(limits.MARKER_LABEL, index))
                for index, share in enumerate((0.3, 0.55, 0.75, 0.9))
            ],
        )
        for expression, (low, high) in functions
    ]


def _long_diagrams(heading: str) -> list[DiagramVisual]:
    found = []
    for layout in ("cycle", "flow", "hub", "tree", "forces"):
        for count in range(1, 4 if layout == "forces" else 8):
            small = count > 5 or layout == "forces"
            nodes = [
                DiagramNode(
                    id=f"n{index}",
                    label=prose(limits.SMALL_NODE_LABEL if small else limits.NODE_LABEL, index * 3),
                    detail=prose(limits.SMALL_NODE_DETAIL if small else limits.NODE_DETAIL, index * 2),
                )
                for index in range(count)
            ]
            for caption in ("", prose(limits.CAPTION)):
                found.append(
                    DiagramVisual(
                        heading=heading,
                        layout=layout,
                        nodes=nodes,
                        edges=_edges(layout, count),
                        forces=_forces(count) if layout == "forces" else [],
                        caption=caption,
                    )
                )
    return found


def _edges(layout: str, count: int) -> list[DiagramEdge]:
    label = prose(limits.EDGE_LABEL) if count <= 5 else ""
    match layout:
        case "tree":
            return [DiagramEdge(source=f"n{(index - 1) // 2}", target=f"n{index}") for index in range(1, count)]
        case "hub":
            return [DiagramEdge(source="n0", target=f"n{index}") for index in range(1, count)]
        case "cycle" if count > 1:
            return [
                DiagramEdge(source=f"n{index}", target=f"n{(index + 1) % count}", label=label) for index in range(count)
            ]
        case "flow":
            return [DiagramEdge(source=f"n{index}", target=f"n{index + 1}", label=label) for index in range(count - 1)]
    return []


def _forces(count: int) -> list[ForceArrow]:
    return [
        ForceArrow(
            node=f"n{index % count}",
            direction=90 * index if count < 3 else 90 if index < 3 else 270,
            magnitude=(1, 0.4, 1.5, 0.2, 0.8, 1.1)[index],
            label=prose(limits.FORCE_LABEL, index * 4),
        )
        for index in range(4 if count < 3 else 6)
    ]


def one_scene(
    kind: SceneKind, visual: Visual, narration: str = "Nothing is said.", interest: str = "space"
) -> Storyboard:
    """A storyboard of this scene alone."""
    return storyboard(prose(80), "Biology 2e", interest, [(kind, narration, visual)])
