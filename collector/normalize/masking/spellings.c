#include "collector/normalize/masking/spellings.h"

#include "common/charset.h"
#include "common/utf8.h"

enum form { FORM_WHOLE, FORM_APART, FORM_TONE_APART, FORMS };
enum letters { LETTERS_SAME, LETTERS_SMALL, LETTERS_CAPITAL };

enum { TONES = 6, TONE_DOT = 5, HORN = 0x31b, D_CAPITAL = 0x110, D_SMALL = 0x111 };

static const uint16_t tone_marks[TONES] = {0, 0x300, 0x301, 0x309, 0x303, 0x323};

/* Of a pair of rows of the vowels, small and capital: the letter below and its own mark. */
static const struct {
	char letter;
	uint16_t mark;
} below[] = {{'a', 0}, {'a', 0x306}, {'a', 0x302}, {'e', 0}, {'e', 0x302}, {'i', 0}, {'o', 0},
	{'o', 0x302}, {'o', HORN}, {'u', 0}, {'u', HORN}, {'y', 0}};

/* Two or three bytes; below U+0800 two. */
static size_t put(unsigned code, char *out)
{
	if (code == 0)
		return 0;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

static bool find_vowel(unsigned code, size_t *row, size_t *tone)
{
	for (*row = 0; vietnamese_vowels[*row][0] != 0; ++*row) {
		for (*tone = 0; *tone < TONES; ++*tone) {
			if (vietnamese_vowels[*row][*tone] == code)
				return true;
		}
	}
	return false;
}

/* In canonical order: a horn before the dot below, and that before marks above. */
static size_t put_apart(size_t row, size_t tone, char *out)
{
	const bool capital = row % 2 != 0;
	const unsigned mark = below[row / 2].mark;
	const bool dot_first = tone == TONE_DOT && mark != HORN;
	const char letter = below[row / 2].letter;
	size_t n = put((unsigned)(capital ? letter - 'a' + 'A' : letter), out);

	n += put(dot_first ? tone_marks[tone] : mark, out + n);
	return n + put(dot_first ? mark : tone_marks[tone], out + n);
}

static size_t put_vowel(size_t row, size_t tone, enum form form, char *out)
{
	size_t n;

	if (form == FORM_WHOLE)
		return put(vietnamese_vowels[row][tone], out);
	if (form == FORM_APART)
		return put_apart(row, tone, out);
	n = put(vietnamese_vowels[row][0], out);
	return n + put(tone_marks[tone], out + n);
}

static size_t put_letter(
	struct slice letter, unsigned code, enum form form, enum letters letters, char *out)
{
	size_t row, tone;

	if ((code == D_CAPITAL || code == D_SMALL) && letters != LETTERS_SAME)
		return put(letters == LETTERS_SMALL ? D_SMALL : D_CAPITAL, out);
	if (code < 0x80 || !find_vowel(code, &row, &tone)) {
		memcpy(out, letter.ptr, letter.len);
		return letter.len;
	}
	if (letters != LETTERS_SAME)
		row = row / 2 * 2 + (letters == LETTERS_CAPITAL);
	return put_vowel(row, tone, form, out);
}

static unsigned code_of(struct slice letter)
{
	const unsigned char *at = (const unsigned char *)letter.ptr;

	switch (letter.len) {
	case 2:
		return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
	case 3:
		return (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
	default:
		return at[0] & 0x7fu;
	}
}

size_t spelling_write(struct slice name, unsigned which, char *out)
{
	const enum form form = (enum form)(which % FORMS);
	const enum letters letters = (enum letters)(which / FORMS);
	size_t n = 0;

	while (name.len > 0) {
		const size_t width = utf8_width(name);
		const struct slice letter = slice_head(name, width > 0 ? width : 1);

		n += put_letter(letter, code_of(letter), form, letters, out + n);
		name = slice_from(name, letter.len);
	}
	return n;
}
