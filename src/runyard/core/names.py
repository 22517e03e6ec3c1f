"""Random names for runs, such as ``steady-otter-412``."""

import random

_ADJECTIVES = (
    "able agile amber ample aware bold brave breezy bright brisk calm candid casual clean clear clever cosmic crisp "
    "curious daring deft eager early earnest easy elegant exact fair fancy fast fearless fine fleet fluent fond free "
    "fresh gentle glad golden grand handy happy hardy honest humble ideal jolly keen kind lively loyal lucid lucky "
    "mellow merry mild modest neat nimble noble patient placid plucky polite proud quick quiet rapid ready regal "
    "robust rustic salty secure serene sharp shiny silent silver simple sleek smart smooth snappy solid spry stately "
    "steady stellar still stout sturdy subtle sunny sure swift tidy tranquil trusty upbeat valiant vivid "
    "warm wise witty"
).split()
_NOUNS = (
    "ant badger bass bat bear beaver bee bison boar bobcat bream buck carp cat chub cod colt conch coot crab crane "
    "cricket crow cub deer dolphin donkey dove duck eagle eel egret elk falcon fawn ferret finch fox frog gannet gecko "
    "gnu goat goose grouse gull hare hawk heron horse hound ibex ibis jackal jay kite koala lamb lark lemur lion llama "
    "loon lynx mare mink mole moose moth mouse mule newt ocelot orca oriole osprey otter owl ox panda perch pike pony "
    "quail rabbit raven robin rook salmon seal shark sheep shrew shrike skink slug snail snipe sparrow "
    "squid stag stork "
    "swan swift tern tiger toad trout turtle viper vole wasp whale wolf wren yak zebra"
).split()

_chance = random.SystemRandom()  # a script that seeds `random` must not get the same name every time


def random_run_name() -> str:
    """An adjective, a noun and a number: ``adjective-noun-123``."""
    return f"{_chance.choice(_ADJECTIVES)}-{_chance.choice(_NOUNS)}-{_chance.randrange(1000)}"
