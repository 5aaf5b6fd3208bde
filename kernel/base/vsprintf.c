/*
 * Formatting: the conversions of C that a kernel needs (d i u x X o c s p %, with hh h l ll z,
 * width, precision).
 */
#include "kernel/base/printk.h"
#include "kernel/base/string.h"

/* Where the text goes; what does not fit is dropped. */
struct out {
	char *pos, *end;
};

struct spec {
	bool left, zero, alt, plus, space, upper;
	int width, precision;	/* precision -1: none given */
	int size;		/* bytes of an integer argument */
};

static void put_char(struct out *out, char c)
{
	if (out->pos < out->end)
		*out->pos++ = c;
}

static void put_pad(struct out *out, char c, int n)
{
	while (n-- > 0)
		put_char(out, c);
}

static void put_text(struct out *out, const char *text, size_t n)
{
	while (n--)
		put_char(out, *text++);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	int n;

	if (!s)
		s = "(null)";
	n = (int)(spec->precision < 0 ? strlen(s) : strnlen(s, (size_t)spec->precision));
	if (!spec->left)
		put_pad(out, ' ', spec->width - n);
	put_text(out, s, (size_t)n);
	if (spec->left)
		put_pad(out, ' ', spec->width - n);
}

/* Digits of value, the last one before end; returns where they start. */
static char *digits(char *end, u64 value, unsigned int base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; value; value /= base)
		*--end = set[value % base];
	return end;
}

/* prefix: a sign, or 0x. */
static void put_number(struct out *out, const struct spec *spec, u64 value, unsigned int base,
		       const char *prefix)
{
	char buf[24], *end = buf + sizeof(buf), *start = digits(end, value, base, spec->upper);
	int n = (int)(end - start), np = (int)strlen(prefix);
	int zeros = max(spec->precision < 0 ? 1 : spec->precision, n) - n;

	if (spec->zero && !spec->left && spec->precision < 0)
		zeros = max(zeros, spec->width - np - n);
	if (!spec->left)
		put_pad(out, ' ', spec->width - np - zeros - n);
	put_text(out, prefix, (size_t)np);
	put_pad(out, '0', zeros);
	put_text(out, start, (size_t)n);
	if (spec->left)
		put_pad(out, ' ', spec->width - np - zeros - n);
}

static void put_signed(struct out *out, const struct spec *spec, s64 value)
{
	const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

	put_number(out, spec, value < 0 ? -(u64)value : (u64)value, 10, sign);
}

static const char *parse_flags(struct spec *spec, const char *p)
{
	for (;; p++) {
		switch (*p) {
		case '-': spec->left = true; break;
		case '0': spec->zero = true; break;
		case '#': spec->alt = true; break;
		case '+': spec->plus = true; break;
		case ' ': spec->space = true; break;
		default: return p;
		}
	}
}

static const char *parse_int(int *value, const char *p)
{
	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		*value = *value * 10 + (*p - '0');
	return p;
}

static const char *parse_size(struct spec *spec, const char *p)
{
	spec->size = sizeof(int);
	switch (*p) {
	case 'l':
	case 'z':
		spec->size = sizeof(long);
		return p + (p[1] == 'l' ? 2 : 1);
	case 'h':
		spec->size = p[1] == 'h' ? 1 : 2;
		return p + (p[1] == 'h' ? 2 : 1);
	}
	return p;
}

/* va_list is passed by address: it may be an array type. */
struct args {
	va_list list;
};

static const char *parse_spec(struct spec *spec, const char *p, struct args *args)
{
	*spec = (struct spec){ .precision = -1 };
	p = parse_flags(spec, p);
	if (*p == '*') {
		spec->width = va_arg(args->list, int);
		spec->left |= spec->width < 0;
		spec->width = spec->width < 0 ? -spec->width : spec->width;
		p++;
	} else {
		p = parse_int(&spec->width, p);
	}
	if (*p == '.') {
		p++;
		if (*p == '*') {
			spec->precision = va_arg(args->list, int);
			p++;
		} else {
			p = parse_int(&spec->precision, p);
		}
	}
	return parse_size(spec, p);
}

static u64 unsigned_arg(const struct spec *spec, struct args *args)
{
	if (spec->size == sizeof(long))
		return va_arg(args->list, unsigned long);
	return va_arg(args->list, unsigned int) & (~0u >> 8 * (sizeof(int) - (size_t)spec->size));
}

static s64 signed_arg(const struct spec *spec, struct args *args)
{
	if (spec->size == sizeof(long))
		return va_arg(args->list, long);
	return va_arg(args->list, int);
}

static void convert(struct out *out, struct spec *spec, char conversion, struct args *args)
{
	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(out, spec, signed_arg(spec, args));
		break;
	case 'u':
		put_number(out, spec, unsigned_arg(spec, args), 10, "");
		break;
	case 'o':
		put_number(out, spec, unsigned_arg(spec, args), 8, spec->alt ? "0" : "");
		break;
	case 'X':
		spec->upper = true;
		__attribute__((fallthrough));
	case 'x':
		put_number(out, spec, unsigned_arg(spec, args), 16,
			   !spec->alt ? "" : spec->upper ? "0X" : "0x");
		break;
	case 'p':
		put_number(out, spec, (unsigned long)va_arg(args->list, void *), 16, "0x");
		break;
	case 'c':
		put_char(out, (char)va_arg(args->list, int));
		break;
	case 's':
		put_string(out, spec, va_arg(args->list, const char *));
		break;
	default:	/* %% and what we do not know: the character itself */
		put_char(out, conversion);
	}
}

size_t vscnprintf(char *buf, size_t size, const char *fmt, va_list list)
{
	struct out out = { buf, buf + size - 1 };
	struct args args;
	struct spec spec;

	if (!size)
		return 0;
	va_copy(args.list, list);
	while (*fmt) {
		if (*fmt != '%') {
			put_char(&out, *fmt++);
			continue;
		}
		fmt = parse_spec(&spec, fmt + 1, &args);
		if (!*fmt)
			break;
		convert(&out, &spec, *fmt++, &args);
	}
	va_end(args.list);
	*out.pos = '\0';
	return (size_t)(out.pos - buf);
}

size_t scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}
