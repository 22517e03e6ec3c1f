"""What reads models that are not pickles, under the names that MLmodel files say."""
