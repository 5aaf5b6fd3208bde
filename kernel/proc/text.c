#include "kernel/proc/text.h"
#include "kernel/base/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define FIRST_ROOM	PAGE_SIZE

static void *room_alloc(size_t size)
{
	return size <= KMALLOC_MAX ? kmalloc(size, GFP_KERNEL) : vmalloc(size);
}

static void room_free(void *buf, size_t size)
{
	if (size <= KMALLOC_MAX)
		kfree(buf);
	else
		vfree(buf);
}

static bool grow(struct text *text)
{
	size_t room = text->room ? text->room * 2 : FIRST_ROOM;
	char *buf = text->no_memory ? NULL : room_alloc(room);

	if (!buf) {
		text->no_memory = true;
		return false;
	}
	if (text->buf) {
		memcpy(buf, text->buf, text->len);
		room_free(text->buf, text->room);
	}
	text->buf = buf;
	text->room = room;
	return true;
}

/* What fills the room to the last byte may have been cut off: once more, with more room. */
void text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	size_t n;

	do {
		size_t left = text->room - text->len;

		if (left < 2)
			continue;
		va_start(args, format);
		n = vscnprintf(text->buf + text->len, left, format, args);
		va_end(args);
		if (n + 1 < left) {
			text->len += n;
			return;
		}
	} while (grow(text));
}

void text_put(struct text *text, const char *bytes, size_t n)
{
	while (text->room - text->len < n) {
		if (!grow(text))
			return;
	}
	memcpy(text->buf + text->len, bytes, n);
	text->len += n;
}

void text_pad(struct text *text, size_t line, size_t width)
{
	while (!text->no_memory && text->len - line < width)
		text_put(text, " ", 1);
}

void text_escape(struct text *text, const char *string, const char *these)
{
	for (; *string; string++) {
		if (strchr(these, *string))
			text_printf(text, "\\%03o", (u8)*string);
		else
			text_put(text, string, 1);
	}
}

void text_free(struct text *text)
{
	if (text->buf)
		room_free(text->buf, text->room);
	*text = (struct text){ .buf = NULL };
}
