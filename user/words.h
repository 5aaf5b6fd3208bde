/* words.h - reading a small file, writing a whole buffer, splitting a command into words. */
#ifndef USER_WORDS_H
#define USER_WORDS_H

#include <stddef.h>

/* Writes everything unless the file refuses; returns 0 or -errno. */
long write_all(int fd, const char *buf, size_t len);

/*
 * Reads a file into buf and ends it with a zero; returns its length, at most size - 1, or
 * -errno.
 */
long read_file(const char *path, char *buf, size_t size);

/*
 * Splits a command in place: blanks separate words; '...' takes everything literally, "..."
 * everything but backslash; a backslash takes the next character literally. Nothing is
 * expanded. Fills argv and ends it with NULL. Returns the number of words, or -1 if a quote is
 * left open or there are more than max - 1 words.
 */
int split_words(char *command, char *argv[], int max);

#endif
