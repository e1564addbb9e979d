"""Does Jett find what it was told, and nothing where it was told nothing? The thresholds of `jett.memory`.

    python -m benchmarks.accuracy.memory

24 things somebody may have remembered. For each: how they may ask what they said about it ("my sister"), and a question
that it answers. Beside them 40 topics and 40 questions that none of them answers. A threshold is judged by how many of
the first it finds (and the right one first), and of the second it takes for something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jett.app.memory import load_embedding
from jett.core.ports import TextEmbedding, Vectors
from jett.settings import Settings

THRESHOLDS = (0.25, 0.30, 0.33, 0.35, 0.37, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70)

REMEMBERED: tuple[tuple[str, str, str], ...] = (
    ("my sister's birthday is the third of May", "my sister", "When is my sister's birthday?"),
    ("restart n8n is on Mondays", "restarting n8n", "On which day do we restart n8n?"),
    ("the spare key is under the blue flower pot", "the spare key", "Where did I put the spare key?"),
    ("my locker number is 42", "my locker", "What is my locker number?"),
    ("I parked the car on level three", "the car", "Where did I park?"),
    ("Anna is allergic to peanuts", "Anna's allergies", "Is there anything Anna can't eat?"),
    ("the bins go out on Tuesday", "the bins", "When do I have to take the trash out?"),
    ("the plumber is called Mister Novak", "the plumber", "What's the name of the plumber?"),
    ("I like my coffee black without sugar", "coffee", "How do I take my coffee?"),
    ("our wedding anniversary is on August the ninth", "our anniversary", "When did we get married?"),
    ("the backup disk is the one with the red label", "the backup disk", "Which disk has the backups?"),
    ("Tom's new phone number ends in seventy three", "Tom's number", "What are the last digits of Tom's phone number?"),
    ("the dentist appointment is on Friday at ten", "the dentist", "What time is my dentist appointment?"),
    ("my passport expires in March 2029", "my passport", "When does my passport run out?"),
    ("the guest network is called Heron", "the guest network", "What's the name of the Wi-Fi for guests?"),
    ("the tomato plants need water every other day", "the tomatoes", "How often should I water the tomatoes?"),
    ("my shoe size is forty three", "shoes", "What size of shoes do I wear?"),
    ("Grandma lives at 12 Oak Street", "grandma's address", "Where does my grandmother live?"),
    ("the meeting with the tax advisor is next Wednesday", "the tax advisor", "When do I see the tax advisor?"),
    ("postgres has to be backed up before every update", "postgres", "What must I do before I update postgres?"),
    ("the kids finish school at half past two", "school", "What time do the children get out of school?"),
    ("my favourite colour is green", "my favourite colour", "Which colour do I like best?"),
    ("the boiler was serviced in October", "the boiler", "When was the heating last serviced?"),
    ("Luna the cat gets her pills in the evening", "the cat", "When does Luna get her medicine?"),
)

OTHER_TOPICS = (
    "my brother", "the lawn mower", "the holiday in Spain", "the rent", "my boss", "the piano", "the insurance", "yoga",
    "the elections", "the neighbours", "my bicycle", "the oven", "the library books", "chess", "the mortgage", "snow",
    "the marathon", "my glasses", "the movie", "the recipe for bread", "the printer", "grafana", "the roof", "the dog",
    "the concert", "my password manager", "the gym", "the garage door", "the electrician", "the window cleaner", "jazz",
    "my uncle", "the train to Berlin", "the lamp in the hall", "the fridge", "the company party", "the vacuum cleaner",
    "the loan", "guitar lessons", "the stock market",
)  # fmt: skip
OTHER_QUESTIONS = (
    "What is the capital of Portugal?", "How far away is the moon?", "Tell me a joke.", "Who wrote Hamlet?",
    "How do I boil an egg?", "What is 17 times 23?", "Why is the sky blue?", "How tall is Mount Everest?",
    "What's a good name for a cat?", "Explain recursion in one sentence.", "When did the second world war end?",
    "How many ounces are in a pound?", "What time is it in Tokyo?", "What does the word serendipity mean?",
    "Is n8n healthy?", "What can you do?", "Who painted the Mona Lisa?", "How do I change a tire?", "Sing me a song.",
    "What's the boiling point of water?", "How do vaccines work?", "When is Easter?", "How do I make good coffee?",
    "What colour is a giraffe's tongue?", "What's the difference between TCP and UDP?", "When is Mother's Day?",
    "How long do cats live?", "What is a peanut?", "How big is a football field?", "Which key opens vim's help?",
    "Who invented the telephone?", "What is a passport?", "How do I grow tomatoes?", "What does a plumber earn?",
    "What is PostgreSQL?", "How do I restart a container?", "What's a wedding anniversary called after ten years?",
    "How much sugar is in cola?", "Which day comes after Tuesday?", "How do I clean a backup disk?",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What one threshold does, for topics and for questions: found with the right one first, and taken wrongly."""

    least: float
    topics: int
    other_topics: int
    questions: int
    other_questions: int


def rows(embedding: TextEmbedding) -> list[Row]:
    """One for each threshold."""
    remembered = embedding.embed([text for text, _, _ in REMEMBERED])
    topics = _nearest(remembered, embedding.embed([topic for _, topic, _ in REMEMBERED]))
    questions = _nearest(remembered, embedding.embed([question for _, _, question in REMEMBERED]))
    other_topics = _nearest(remembered, embedding.embed(OTHER_TOPICS))
    other_questions = _nearest(remembered, embedding.embed(OTHER_QUESTIONS))
    return [
        Row(
            least,
            _right(topics, least),
            _any(other_topics, least),
            _right(questions, least),
            _any(other_questions, least),
        )
        for least in THRESHOLDS
    ]


def _nearest(remembered: Vectors, asked: Vectors) -> list[tuple[int, float]]:
    """For each of `asked` which is nearest, and how near."""
    similar = asked @ remembered.T
    return [(int(np.argmax(row)), float(row.max())) for row in similar]


def _right(found: list[tuple[int, float]], least: float) -> int:
    return sum(nearest == at and score >= least for at, (nearest, score) in enumerate(found))


def _any(found: list[tuple[int, float]], least: float) -> int:
    return sum(score >= least for _, score in found)


def main() -> None:
    """Print the table."""
    n, other = len(REMEMBERED), len(OTHER_TOPICS)
    print(
        f"| at least | topics of {n} | other topics of {other} | questions of {n} | others of {len(OTHER_QUESTIONS)} |"
    )
    print("|---|---|---|---|---|")
    for row in rows(load_embedding(Settings.load(env={}))):
        print(f"| {row.least} | {row.topics} | {row.other_topics} | {row.questions} | {row.other_questions} |")


if __name__ == "__main__":
    main()
