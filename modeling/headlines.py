"""Generated headlines to calibrate and check a bake with where no data set is at hand, as in an image build.

They are built from patterns and words, and some mix two topics. They show how well two engines agree, not how accurate
a checkpoint is.
"""

import random
import re

SLOTS: dict[str, tuple[str, ...]] = {
    "country": ("France", "Kenya", "Brazil", "South Korea", "Turkey", "Poland", "India", "Chile", "Nigeria", "Canada"),
    "city": ("Cairo", "Jakarta", "Berlin", "Lima", "Osaka", "Karachi", "Toronto", "Nairobi", "Madrid", "Seattle"),
    "leader": ("president", "prime minister", "foreign minister", "opposition leader", "king", "interior minister"),
    "crowd": ("protesters", "rebels", "refugees", "voters", "troops", "aid workers", "lawmakers", "miners"),
    "company": (
        "a chipmaker",
        "an airline",
        "a carmaker",
        "a drug maker",
        "a retailer",
        "a streaming service",
        "a bank",
    ),
    "money": ("profit", "revenue", "the share price", "debt", "the dividend", "quarterly sales", "the payroll"),
    "good": ("oil", "copper", "wheat", "natural gas", "gold", "coffee", "lithium", "the dollar", "the yen"),
    "team": ("the champions", "the hosts", "United", "City", "the Lions", "the rookies", "the national team"),
    "player": ("striker", "pitcher", "goalkeeper", "sprinter", "quarterback", "captain", "teenage tennis star"),
    "event": (
        "the final",
        "the derby",
        "extra time",
        "the relay",
        "the playoffs",
        "the opening stage",
        "the third set",
    ),
    "device": ("phone", "laptop", "headset", "chip", "robot", "battery", "camera", "smartwatch", "drone"),
    "science": (
        "a comet",
        "a new particle",
        "an ancient whale",
        "a distant galaxy",
        "a gene",
        "an exoplanet",
        "a virus",
    ),
    "number": ("two", "five", "a dozen", "40", "1,200", "three million", "17", "half a million"),
    "percent": ("2 percent", "7.5%", "a third", "18 percent", "half", "0.4%"),
    "day": (
        "on Monday",
        "overnight",
        "after talks",
        "for a third week",
        "ahead of the vote",
        "again",
        "in early trading",
    ),
}

PATTERNS: tuple[str, ...] = (
    # World
    "{number} killed as {crowd} clash with police in {city}",
    "{country} and {country} agree to a ceasefire {day}",
    "{leader} of {country} resigns {day}",
    "Floods force {number} people from their homes near {city}",
    "UN envoy urges {country} to let {crowd} go",
    "{crowd} block roads in {city} {day}",
    "{country} recalls its ambassador from {country}",
    "Court in {city} jails former {leader}",
    "Earthquake shakes {country}, {number} missing",
    "{country} votes {day} in a test for its {leader}",
    # Sports
    "{team} beat {team} in {event}",
    "Injured {player} to miss {event}",
    "{player} scores {number} as {team} win in {city}",
    "{team} sign {player} from {country}",
    "{country} through to the World Cup after {event}",
    "Late goal rescues {team} {day}",
    "{player} breaks a record in {event}",
    "Coach of {team} fired {day}",
    "{country} win gold in {event} in {city}",
    # Business
    "{company} cuts {number} jobs as {money} falls {percent}",
    "Shares slip {day} as {good} climbs {percent}",
    "{company} to buy a rival in {country} for {number} billion dollars",
    "{good} hits a {number}-week high {day}",
    "{money} at {company} up {percent}",
    "Central bank of {country} raises rates {day}",
    "{company} files for bankruptcy in {city}",
    "Inflation in {country} eases to {percent}",
    "Regulator fines {company} over {money}",
    # Sci/Tech
    "Scientists find {science} with a {device}-sized telescope",
    "New {device} learns to see {science}",
    "Flaw lets hackers take over a {device}",
    "Probe sends back pictures of {science}",
    "Open-source {device} software reaches {number} users",
    "Researchers in {city} teach a {device} to read",
    "Study links {science} to warmer oceans",
    "Rocket carrying a {device} lifts off {day}",
    "Browser update closes {number} security holes",
    # Borderline: two topics at once
    "{country} bans the {device} made by {company}",
    "{company} pays {player} {number} million dollars",
    "Hackers hit {company}, and {money} drops {percent}",
    "{leader} of {country} opens {event} in {city}",
    "{company} says its {device} can find {science}",
    "Doping scandal costs {team} {percent} of {money}",
    "{crowd} in {city} use a {device} to watch {event}",
    "Sanctions on {country} push up {good}",
    "{team} test a {device} before {event}",
    "{country} plans a satellite to track {crowd}",
)


def headlines(count: int, seed: int = 0) -> list[str]:
    """Return `count` different headlines, each pattern as often as the others; the same ones for the same seed."""
    chance = random.Random(seed)
    texts: dict[str, None] = {}
    while len(texts) < count:
        for pattern in PATTERNS:
            text = re.sub(r"\{(\w+)\}", lambda slot: chance.choice(SLOTS[slot[1]]), pattern)
            texts[text[0].upper() + text[1:]] = None
    return list(texts)[:count]
