#include "common/charset.h"

#include <assert.h>

const uint16_t vietnamese_vowels[][6] = {
	{0x0061, 0x00e0, 0x00e1, 0x1ea3, 0x00e3, 0x1ea1},
	{0x0041, 0x00c0, 0x00c1, 0x1ea2, 0x00c3, 0x1ea0},
	{0x0103, 0x1eb1, 0x1eaf, 0x1eb3, 0x1eb5, 0x1eb7},
	{0x0102, 0x1eb0, 0x1eae, 0x1eb2, 0x1eb4, 0x1eb6},
	{0x00e2, 0x1ea7, 0x1ea5, 0x1ea9, 0x1eab, 0x1ead},
	{0x00c2, 0x1ea6, 0x1ea4, 0x1ea8, 0x1eaa, 0x1eac},
	{0x0065, 0x00e8, 0x00e9, 0x1ebb, 0x1ebd, 0x1eb9},
	{0x0045, 0x00c8, 0x00c9, 0x1eba, 0x1ebc, 0x1eb8},
	{0x00ea, 0x1ec1, 0x1ebf, 0x1ec3, 0x1ec5, 0x1ec7},
	{0x00ca, 0x1ec0, 0x1ebe, 0x1ec2, 0x1ec4, 0x1ec6},
	{0x0069, 0x00ec, 0x00ed, 0x1ec9, 0x0129, 0x1ecb},
	{0x0049, 0x00cc, 0x00cd, 0x1ec8, 0x0128, 0x1eca},
	{0x006f, 0x00f2, 0x00f3, 0x1ecf, 0x00f5, 0x1ecd},
	{0x004f, 0x00d2, 0x00d3, 0x1ece, 0x00d5, 0x1ecc},
	{0x00f4, 0x1ed3, 0x1ed1, 0x1ed5, 0x1ed7, 0x1ed9},
	{0x00d4, 0x1ed2, 0x1ed0, 0x1ed4, 0x1ed6, 0x1ed8},
	{0x01a1, 0x1edd, 0x1edb, 0x1edf, 0x1ee1, 0x1ee3},
	{0x01a0, 0x1edc, 0x1eda, 0x1ede, 0x1ee0, 0x1ee2},
	{0x0075, 0x00f9, 0x00fa, 0x1ee7, 0x0169, 0x1ee5},
	{0x0055, 0x00d9, 0x00da, 0x1ee6, 0x0168, 0x1ee4},
	{0x01b0, 0x1eeb, 0x1ee9, 0x1eed, 0x1eef, 0x1ef1},
	{0x01af, 0x1eea, 0x1ee8, 0x1eec, 0x1eee, 0x1ef0},
	{0x0079, 0x1ef3, 0x00fd, 0x1ef7, 0x1ef9, 0x1ef5},
	{0x0059, 0x1ef2, 0x00dd, 0x1ef6, 0x1ef8, 0x1ef4},
	{0},
};

enum tone { TONE_NONE, TONE_GRAVE, TONE_ACUTE, TONE_HOOK, TONE_TILDE, TONE_DOT };

/* Bytes from 0x80 on, eight a row; 0 = means nothing. */
/* clang-format off */
static const uint16_t windows_1258[128] = {
	0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0,      0x2039, 0x0152, 0,      0,      0,
	0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0,      0x203a, 0x0153, 0,      0,      0x0178,
	0x00a0, 0x00a1, 0x00a2, 0x00a3, 0x00a4, 0x00a5, 0x00a6, 0x00a7,
	0x00a8, 0x00a9, 0x00aa, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x00af,
	0x00b0, 0x00b1, 0x00b2, 0x00b3, 0x00b4, 0x00b5, 0x00b6, 0x00b7,
	0x00b8, 0x00b9, 0x00ba, 0x00bb, 0x00bc, 0x00bd, 0x00be, 0x00bf,
	0x00c0, 0x00c1, 0x00c2, 0x0102, 0x00c4, 0x00c5, 0x00c6, 0x00c7,
	0x00c8, 0x00c9, 0x00ca, 0x00cb, 0x0300, 0x00cd, 0x00ce, 0x00cf,
	0x0110, 0x00d1, 0x0309, 0x00d3, 0x00d4, 0x01a0, 0x00d6, 0x00d7,
	0x00d8, 0x00d9, 0x00da, 0x00db, 0x00dc, 0x01af, 0x0303, 0x00df,
	0x00e0, 0x00e1, 0x00e2, 0x0103, 0x00e4, 0x00e5, 0x00e6, 0x00e7,
	0x00e8, 0x00e9, 0x00ea, 0x00eb, 0x0301, 0x00ed, 0x00ee, 0x00ef,
	0x0111, 0x00f1, 0x0323, 0x00f3, 0x00f4, 0x01a1, 0x00f6, 0x00f7,
	0x00f8, 0x00f9, 0x00fa, 0x00fb, 0x00fc, 0x01b0, 0x20ab, 0x00ff,
};

static const uint16_t tcvn3[128] = {
	0,      0,      0,      0,      0,      0,      0,      0,
	0,      0,      0,      0,      0,      0,      0,      0,
	0,      0,      0,      0,      0,      0,      0,      0,
	0,      0,      0,      0,      0,      0,      0,      0,
	0x00a0, 0x0102, 0x00c2, 0x00ca, 0x00d4, 0x01a0, 0x01af, 0x0110,
	0x0103, 0x00e2, 0x00ea, 0x00f4, 0x01a1, 0x01b0, 0x0111, 0,
	0x0300, 0x0309, 0x0303, 0x0301, 0x0323, 0x00e0, 0x1ea3, 0x00e3,
	0x00e1, 0x1ea1, 0,      0x1eb1, 0x1eb3, 0x1eb5, 0x1eaf, 0,
	0,      0,      0,      0,      0,      0,      0x1eb7, 0x1ea7,
	0x1ea9, 0x1eab, 0x1ea5, 0x1ead, 0x00e8, 0,      0x1ebb, 0x1ebd,
	0x00e9, 0x1eb9, 0x1ec1, 0x1ec3, 0x1ec5, 0x1ebf, 0x1ec7, 0x00ec,
	0x1ec9, 0,      0,      0,      0x0129, 0x00ed, 0x1ecb, 0x00f2,
	0,      0x1ecf, 0x00f5, 0x00f3, 0x1ecd, 0x1ed3, 0x1ed5, 0x1ed7,
	0x1ed1, 0x1ed9, 0x1edd, 0x1edf, 0x1ee1, 0x1edb, 0x1ee3, 0x00f9,
	0,      0x1ee7, 0x0169, 0x00fa, 0x1ee5, 0x1eeb, 0x1eed, 0x1eef,
	0x1ee9, 0x1ef1, 0x1ef3, 0x1ef7, 0x1ef9, 0x00fd, 0x1ef5, 0,
};

/* Up to 0xbf; letters and marks come behind. */
static const uint16_t vni_punctuation[64] = {
	0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
	0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
	0x00a0, 0x00a1, 0x00a2, 0x00a3, 0x00a4, 0x00a5, 0x00a6, 0x00a7,
	0x00a8, 0x00a9, 0x00aa, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x00af,
	0x00b0, 0x00b1, 0x00b2, 0x00b3, 0x00b4, 0x00b5, 0x00b6, 0x00b7,
	0x00b8, 0x00b9, 0x00ba, 0x00bb, 0x00bc, 0x00bd, 0x00be, 0x00bf,
};
/* clang-format on */

/* ---- names -------------------------------------------------------------------------- */

static const struct {
	struct slice name;
	enum charset charset;
} names[] = {
	{{SLICE_BYTES("utf-8")}, CHARSET_UTF_8},
	{{SLICE_BYTES("utf-16le")}, CHARSET_UTF_16LE},
	{{SLICE_BYTES("utf-16be")}, CHARSET_UTF_16BE},
	{{SLICE_BYTES("windows-1258")}, CHARSET_WINDOWS_1258},
	{{SLICE_BYTES("tcvn3")}, CHARSET_TCVN3},
	{{SLICE_BYTES("vni")}, CHARSET_VNI},
	/* Other names of the same. */
	{{SLICE_BYTES("utf8")}, CHARSET_UTF_8},
	{{SLICE_BYTES("utf-16")}, CHARSET_UTF_16LE},
	{{SLICE_BYTES("cp1258")}, CHARSET_WINDOWS_1258},
};

bool charset_by_name(struct slice name, enum charset *charset)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq_nocase(name, names[i].name)) {
			*charset = names[i].charset;
			return true;
		}
	}
	return false;
}

const char *charset_name(enum charset charset)
{
	assert(charset < CHARSET_COUNT);
	return names[charset].name.ptr;
}

/* ---- letters and marks ---------------------------------------------------------------- */

/* The tone a combining mark is; TONE_NONE when it is another character. */
static enum tone tone_of_mark(unsigned code)
{
	switch (code) {
	case 0x300:
		return TONE_GRAVE;
	case 0x301:
		return TONE_ACUTE;
	case 0x303:
		return TONE_TILDE;
	case 0x309:
		return TONE_HOOK;
	case 0x323:
		return TONE_DOT;
	default:
		return TONE_NONE;
	}
}

/* A vowel without a tone with one; 0 = there is no such letter. */
static unsigned with_tone(unsigned letter, enum tone tone)
{
	for (size_t i = 0; vietnamese_vowels[i][0] != 0; i++) {
		if (vietnamese_vowels[i][0] == letter)
			return vietnamese_vowels[i][tone];
	}
	return 0;
}

static unsigned with_circumflex(unsigned letter)
{
	switch (letter) {
	case 'a':
		return 0xe2;
	case 'A':
		return 0xc2;
	case 'e':
		return 0xea;
	case 'E':
		return 0xca;
	case 'o':
		return 0xf4;
	case 'O':
		return 0xd4;
	default:
		return 0;
	}
}

static unsigned with_breve(unsigned letter)
{
	if (letter == 'a')
		return 0x103;
	return letter == 'A' ? 0x102 : 0;
}

/* ---- VNI ------------------------------------------------------------------------------- */

enum vni_shape { VNI_SINGLE, VNI_PLAIN, VNI_CIRCUMFLEX, VNI_BREVE, VNI_NOTHING };

struct vni_byte {
	uint8_t shape, tone; /* of a mark */
	uint16_t single;     /* a letter by itself */
};

/* Small letters and their marks, from 0xe0 on; those of capitals stand 0x20 before them. */
static const struct vni_byte vni_bytes[32] = {
	[0xe0 - 0xe0] = {VNI_CIRCUMFLEX, TONE_GRAVE, 0},
	[0xe1 - 0xe0] = {VNI_CIRCUMFLEX, TONE_ACUTE, 0},
	[0xe2 - 0xe0] = {VNI_CIRCUMFLEX, TONE_NONE, 0},
	[0xe3 - 0xe0] = {VNI_CIRCUMFLEX, TONE_TILDE, 0},
	[0xe4 - 0xe0] = {VNI_CIRCUMFLEX, TONE_DOT, 0},
	[0xe5 - 0xe0] = {VNI_CIRCUMFLEX, TONE_HOOK, 0},
	[0xe6 - 0xe0] = {VNI_SINGLE, 0, 0x1ec9},
	[0xe7 - 0xe0] = {VNI_NOTHING, 0, 0},
	[0xe8 - 0xe0] = {VNI_BREVE, TONE_GRAVE, 0},
	[0xe9 - 0xe0] = {VNI_BREVE, TONE_ACUTE, 0},
	[0xea - 0xe0] = {VNI_BREVE, TONE_NONE, 0},
	[0xeb - 0xe0] = {VNI_BREVE, TONE_DOT, 0},
	[0xec - 0xe0] = {VNI_SINGLE, 0, 0xec},
	[0xed - 0xe0] = {VNI_SINGLE, 0, 0xed},
	[0xee - 0xe0] = {VNI_SINGLE, 0, 0x1ef5},
	[0xef - 0xe0] = {VNI_PLAIN, TONE_DOT, 0},
	[0xf0 - 0xe0] = {VNI_NOTHING, 0, 0},
	[0xf1 - 0xe0] = {VNI_SINGLE, 0, 0x111},
	[0xf2 - 0xe0] = {VNI_SINGLE, 0, 0x1ecb},
	[0xf3 - 0xe0] = {VNI_SINGLE, 0, 0x129},
	[0xf4 - 0xe0] = {VNI_SINGLE, 0, 0x1a1},
	[0xf5 - 0xe0] = {VNI_PLAIN, TONE_TILDE, 0},
	[0xf6 - 0xe0] = {VNI_SINGLE, 0, 0x1b0},
	[0xf7 - 0xe0] = {VNI_NOTHING, 0, 0},
	[0xf8 - 0xe0] = {VNI_PLAIN, TONE_GRAVE, 0},
	[0xf9 - 0xe0] = {VNI_PLAIN, TONE_ACUTE, 0},
	[0xfa - 0xe0] = {VNI_BREVE, TONE_HOOK, 0},
	[0xfb - 0xe0] = {VNI_PLAIN, TONE_HOOK, 0},
	[0xfc - 0xe0] = {VNI_BREVE, TONE_TILDE, 0},
	[0xfd - 0xe0] = {VNI_NOTHING, 0, 0},
	[0xfe - 0xe0] = {VNI_NOTHING, 0, 0},
	[0xff - 0xe0] = {VNI_NOTHING, 0, 0},
};

/* Capitals of the letters that stand by themselves. */
static unsigned capital_of(unsigned small)
{
	return small == 0xec || small == 0xed ? small - 0x20 : small - 1;
}

static unsigned vni_shaped(unsigned letter, enum vni_shape shape)
{
	if (shape == VNI_CIRCUMFLEX)
		return with_circumflex(letter);
	return shape == VNI_BREVE ? with_breve(letter) : letter;
}

/* ---- writing ----------------------------------------------------------------------------- */

struct decoding {
	char *out; /* NULL = count only */
	size_t n;
	size_t last_at;      /* where the last character was written */
	unsigned last;       /* which it was; 0 = none that takes a mark */
	bool last_is_joined; /* its mark came behind it */
	struct charset_outcome *outcome;
};

static size_t width_of(unsigned code)
{
	if (code < 0x80)
		return 1;
	if (code < 0x800)
		return 2;
	return code < 0x10000 ? 3 : 4;
}

static void write_code(char *out, unsigned code, size_t width)
{
	static const unsigned char heads[5] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (width == 1) {
		out[0] = (char)code;
		return;
	}
	for (size_t i = width; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(heads[width] | code);
}

static void put(struct decoding *to, unsigned code)
{
	size_t width = width_of(code);

	if (to->out != NULL)
		write_code(to->out + to->n, code, width);
	to->last_at = to->n;
	to->last = code;
	to->last_is_joined = false;
	to->n += width;
}

static void put_undecodable(struct decoding *to, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char shown[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};

	if (to->out != NULL)
		memcpy(to->out + to->n, shown, sizeof(shown));
	to->n += sizeof(shown);
	to->last = 0;
	to->outcome->undecodable++;
	to->outcome->exact = false;
}

/* The last character becomes another one, which has its mark. */
static bool join(struct decoding *to, unsigned letter)
{
	if (letter == 0 || to->last == 0 || to->last_is_joined)
		return false;
	to->n = to->last_at;
	put(to, letter);
	to->last_is_joined = true;
	return true;
}

/* ---- sets of one byte ------------------------------------------------------------------- */

static void decode_bytes(const uint16_t table[128], struct slice text, struct decoding *to)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];
		unsigned code = byte < 0x80 ? byte : table[byte - 0x80];
		enum tone tone = tone_of_mark(code);

		if (code == 0 && byte != 0)
			put_undecodable(to, byte);
		else if (tone != TONE_NONE && join(to, with_tone(to->last, tone)))
			to->outcome->exact = false; /* the letter has a byte of its own, too */
		else
			put(to, code);
	}
}

static bool put_vni(struct decoding *to, unsigned char byte)
{
	const bool capital = byte < 0xe0;
	const struct vni_byte *is = &vni_bytes[byte & 0x1f];

	if (is->shape == VNI_NOTHING)
		return false;
	if (is->shape == VNI_SINGLE) {
		put(to, capital ? capital_of(is->single) : is->single);
		return true;
	}

	/* Small letters with marks of capitals are written by nobody; the other way they are.
	 */
	const bool same = capital == (to->last < 'a' || to->last == 0xd4 || to->last == 0x1a0 ||
					     to->last == 0x1af);
	unsigned letter =
		with_tone(vni_shaped(to->last, (enum vni_shape)is->shape), (enum tone)is->tone);
	if (!join(to, letter))
		return false;
	to->outcome->exact = to->outcome->exact && same;
	return true;
}

static void decode_vni(struct slice text, struct decoding *to)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		if (byte < 0x80)
			put(to, byte);
		else if (byte < 0xc0 && vni_punctuation[byte - 0x80] != 0)
			put(to, vni_punctuation[byte - 0x80]);
		else if (byte < 0xc0 || !put_vni(to, byte))
			put_undecodable(to, byte);
	}
}

/* ---- UTF-16 --------------------------------------------------------------------------------
 */

static unsigned unit_at(struct slice text, size_t at, bool big)
{
	unsigned first = (unsigned char)text.ptr[at], second = (unsigned char)text.ptr[at + 1];

	return big ? first << 8 | second : second << 8 | first;
}

static bool is_first_half(unsigned unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_second_half(unsigned unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* One character; gives its bytes. */
static size_t decode_units(struct slice text, size_t at, bool big, struct decoding *to)
{
	unsigned unit = unit_at(text, at, big);

	if (is_first_half(unit) && at + 4 <= text.len &&
		is_second_half(unit_at(text, at + 2, big))) {
		unsigned second = unit_at(text, at + 2, big);

		put(to, 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00));
		return 4;
	}
	if (is_first_half(unit) || is_second_half(unit)) {
		put_undecodable(to, (unsigned char)text.ptr[at]);
		put_undecodable(to, (unsigned char)text.ptr[at + 1]);
	} else {
		put(to, unit);
	}
	return 2;
}

enum charset charset_of_mark(struct slice text)
{
	if (slice_starts(text, SLICE_LIT("\xff\xfe")))
		return CHARSET_UTF_16LE;
	if (slice_starts(text, SLICE_LIT("\xfe\xff")))
		return CHARSET_UTF_16BE;
	return CHARSET_COUNT;
}

static void decode_utf_16(struct slice text, bool big, struct decoding *to)
{
	enum charset mark = charset_of_mark(text);
	size_t at = 0;

	if (mark != CHARSET_COUNT) {
		big = mark == CHARSET_UTF_16BE;
		at = 2;
	}
	while (at + 2 <= text.len)
		at += decode_units(text, at, big, to);
	if (at < text.len)
		put_undecodable(to, (unsigned char)text.ptr[at]);
}

size_t charset_find_newline(enum charset charset, struct slice text)
{
	const bool big = charset == CHARSET_UTF_16BE;
	size_t at = 0;

	if (charset_unit(charset) == 1)
		return slice_find(text, '\n');
	while (at < text.len) {
		at += slice_find(slice_from(text, at), '\n');
		size_t unit = at & ~(size_t)1;

		if (unit + 2 <= text.len && unit_at(text, unit, big) == '\n')
			return unit;
		at++;
	}
	return text.len;
}

/* ---- all ------------------------------------------------------------------------------------
 */

size_t charset_decode(
	enum charset charset, struct slice text, char *out, struct charset_outcome *outcome)
{
	struct decoding to = {.out = out, .outcome = outcome};

	*outcome = (struct charset_outcome){.exact = true};
	switch (charset) {
	case CHARSET_UTF_16LE:
	case CHARSET_UTF_16BE:
		decode_utf_16(text, charset == CHARSET_UTF_16BE, &to);
		break;
	case CHARSET_WINDOWS_1258:
		decode_bytes(windows_1258, text, &to);
		break;
	case CHARSET_TCVN3:
		decode_bytes(tcvn3, text, &to);
		break;
	case CHARSET_VNI:
		decode_vni(text, &to);
		break;
	case CHARSET_UTF_8:
	case CHARSET_COUNT:
		if (out != NULL && text.len > 0)
			memcpy(out, text.ptr, text.len);
		return text.len;
	}
	return to.n;
}
