/* A text that is being written, for files whose contents are made when they are read. */
#pragma once
#include "kernel/base/types.h"

struct text {
	char *buf;
	size_t len, room;
	bool no_memory;		/* it is incomplete */
};

void text_printf(struct text *text, const char *format, ...) __printf(2, 3);
void text_put(struct text *text, const char *bytes, size_t n);
/* Blanks until the line that began at `line` is `width` characters long. */
void text_pad(struct text *text, size_t line, size_t width);
/* A path: blanks and the like as \040, so that it stays one word. */
void text_escape(struct text *text, const char *string, const char *these);
void text_free(struct text *text);
