"""Logged models: so far only the answer that there are none, which 3.x clients need to resolve ``runs:/`` addresses."""
