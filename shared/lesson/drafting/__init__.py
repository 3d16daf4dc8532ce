"""A lesson written by a model: what the model is asked for, and code's way from its answer to a storyboard.

The model writes a `Script`: words, pictures in words, and handles of passages. Everything that is fact is code's: ids,
citations, credits, licences, addresses, the motif, the figures of the request. What code can mend in the answer it
mends; the rules of a lesson (`shared.lesson.rules`) judge the rest.
"""
