"""Small mistakes put into the code that moves points, one at a time: the tests must see each."""
