"""Images, sounds and the tiny pipelines that take them."""

import base64
import io
import wave
from typing import Any

import numpy as np
from PIL import Image

import transformers
from tests.transformers import tiny

PIXELS = (np.arange(16 * 16 * 3) % 255).astype(np.uint8).reshape(16, 16, 3)
SAMPLES = (np.sin(np.arange(4000) / 10) / 2).astype(np.float32)


def picture() -> str:
    """A picture, as the base64 of its file."""
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def recording() -> bytes:
    """A sound, as a WAVE file of the rate that the models take."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes((SAMPLES * 2**15).astype("<i2").tobytes())
    return file.getvalue()


def image_classifier() -> Any:
    """Of two kinds of images."""
    processor = transformers.ViTImageProcessorPil(size={"height": 16, "width": 16})
    model = tiny.vit("ViTForImageClassification", num_labels=2)
    return transformers.pipeline("image-classification", model=model, image_processor=processor, device="cpu")


def sound_classifier() -> Any:
    """Of two kinds of sounds."""
    model = tiny.wav2vec("Wav2Vec2ForSequenceClassification", num_labels=2)
    extractor = transformers.Wav2Vec2FeatureExtractor()
    return transformers.pipeline("audio-classification", model=model, feature_extractor=extractor, device="cpu")


def speech() -> Any:
    """Writes down what it hears."""
    return transformers.pipeline(
        "automatic-speech-recognition",
        model=tiny.wav2vec("Wav2Vec2ForCTC"),
        feature_extractor=transformers.Wav2Vec2FeatureExtractor(),
        tokenizer=tiny.tokenizer(),
        device="cpu",
    )


def detector() -> Any:
    """Finds things in images; it does not predict as a pyfunc."""
    config = transformers.YolosConfig(
        image_size=[16, 16], patch_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, num_detection_tokens=3,
    )  # fmt: skip
    processor = transformers.YolosImageProcessorPil(size={"height": 16, "width": 16})
    model = transformers.YolosForObjectDetection(config).eval()
    return transformers.pipeline("object-detection", model=model, image_processor=processor, device="cpu")
