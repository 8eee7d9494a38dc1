#include "common/fold.h"

#include "common/charset.h"
#include "common/utf8.h"

/* U+00C0..U+00FF; 0 = stays, or becomes the small letter where it is a capital. */
static const char latin_1[64 + 1] = "aaaaaa\0ceeeeiiii\0nooooo\0ouuuuy\0\0"
				    "aaaaaa\0ceeeeiiii\0nooooo\0ouuuuy\0y";

enum { LATIN_1 = 0xc0, LATIN_1_END = 0x100, MARKS = 0x300, MARKS_END = 0x370 };

/* One character folded. */
struct folded {
	char bytes[4];
	size_t n;    /* 0: it goes */
	bool broken; /* a byte that is no UTF-8 */
};

static struct folded of_byte(char byte, bool broken)
{
	return (struct folded){{byte}, 1, broken};
}

static unsigned code_of(const unsigned char *at, size_t width)
{
	if (width == 2)
		return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
	return (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
}

/* The letter of ASCII below its marks; 0 = none. */
static char base_of(unsigned code)
{
	static const char bases[] = "aaaaaaeeeeiioooooouuuuyy";

	if (code == 0x110 || code == 0x111)
		return 'd';
	if (code >= LATIN_1 && code < LATIN_1_END)
		return latin_1[code - LATIN_1];
	for (size_t row = 0; vietnamese_vowels[row][0] != 0; row++) {
		for (size_t tone = 0; tone < 6; tone++) {
			if (vietnamese_vowels[row][tone] == code)
				return bases[row];
		}
	}
	return '\0';
}

static struct folded fold_wide(const char *at, size_t width)
{
	unsigned code = code_of((const unsigned char *)at, width);
	struct folded same = {.n = width};
	char base;

	if (code >= MARKS && code < MARKS_END)
		return (struct folded){.n = 0};
	base = base_of(code);
	if (base != '\0')
		return of_byte(base, false);
	memcpy(same.bytes, at, width);
	if (code == 0xc6 || code == 0xd0 || code == 0xde) /* AE, Eth, Thorn */
		same.bytes[1] = (char)(same.bytes[1] + 0x20);
	return same;
}

static char small(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* The character at the start of `rest`, which moves. */
static struct folded next(struct slice *rest)
{
	char byte = rest->ptr[0];
	size_t width = (unsigned char)byte < 0x80 ? 1 : utf8_width(*rest);
	struct folded folded = {.n = 0};

	if (width <= 1) { /* also a byte that is no UTF-8 */
		folded = of_byte(small(byte), (unsigned char)byte >= 0x80);
		width = 1;
	} else if (width == 4) {
		folded.n = width;
		memcpy(folded.bytes, rest->ptr, width);
	} else {
		folded = fold_wide(rest->ptr, width);
	}
	*rest = slice_from(*rest, width);
	return folded;
}

/* The next character that stays, `before` the one before it; n = 0 at the end. A mark behind a
 * broken byte stays: without it, that byte and those behind the mark could be a letter. */
static void next_kept(struct slice *rest, struct folded *before)
{
	const bool broken = before->broken;

	before->n = 0;
	while (rest->len > 0 && before->n == 0) {
		const struct slice from = *rest;

		*before = next(rest);
		if (before->n == 0 && broken) {
			before->n = from.len - rest->len;
			memcpy(before->bytes, from.ptr, before->n);
		}
	}
}

size_t fold_text(struct slice text, char *out)
{
	struct folded folded = {.n = 0};
	size_t n = 0;

	for (next_kept(&text, &folded); folded.n > 0; next_kept(&text, &folded)) {
		memcpy(out + n, folded.bytes, folded.n);
		n += folded.n;
	}
	return n;
}

static bool same(const struct folded *a, const struct folded *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

bool fold_eq(struct slice a, struct slice b)
{
	struct folded from_a = {.n = 0}, from_b = {.n = 0};

	for (;;) {
		next_kept(&a, &from_a);
		next_kept(&b, &from_b);
		if (!same(&from_a, &from_b))
			return false;
		if (from_a.n == 0)
			return true;
	}
}
