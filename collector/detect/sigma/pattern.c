#include "collector/detect/sigma/pattern.h"

#include "common/utf8.h"

/* ---- case ---------------------------------------------------------------- */

/* Simple case folding of the Unicode Character Database, where the small letter has as many
 * bytes of UTF-8. Ranges whose letters stand in pairs: a capital one, its small one. */
static unsigned small_letter(unsigned code)
{
	static const struct {
		uint16_t first, last, odd; /* odd: capitals have odd numbers */
	} pairs[] = {
		{0x100, 0x12f, 0},
		{0x132, 0x137, 0},
		{0x139, 0x148, 1},
		{0x14a, 0x177, 0},
		{0x179, 0x17e, 1},
		{0x1a0, 0x1a5, 0},
		{0x1af, 0x1b0, 1},
		{0x1cd, 0x1dc, 1},
		{0x1de, 0x1ef, 0},
		{0x1f8, 0x21f, 0},
		{0x222, 0x233, 0},
		{0x460, 0x481, 0},
		{0x48a, 0x4bf, 0},
		{0x4d0, 0x52f, 0},
		{0x1e00, 0x1e95, 0},
		{0x1ea0, 0x1eff, 0},
	};

	if ((code >= 0xc0 && code <= 0xde && code != 0xd7) ||
		(code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f))
		return code + 32;
	if (code >= 0x400 && code <= 0x40f)
		return code + 80;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (code >= pairs[i].first && code <= pairs[i].last)
			return code + ((code & 1) == pairs[i].odd);
	}
	return code;
}

static void fold_two(const unsigned char *in, char *out)
{
	unsigned code = small_letter((in[0] & 0x1fu) << 6 | (in[1] & 0x3fu));

	out[0] = (char)(0xc0 | code >> 6);
	out[1] = (char)(0x80 | (code & 0x3f));
}

static void fold_three(const unsigned char *in, char *out)
{
	unsigned code =
		small_letter((in[0] & 0x0fu) << 12 | (in[1] & 0x3fu) << 6 | (in[2] & 0x3fu));

	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
}

/* Eight bytes at once, all below 0x80: the upper bit of a byte says that it is a capital one.
 */
static uint64_t fold_eight(uint64_t bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t from_a = bytes + (0x80 - 'A') * ones;
	const uint64_t past_z = bytes + (0x80 - 'Z' - 1) * ones;

	return bytes + ((from_a & ~past_z & 0x80 * ones) >> 2);
}

static size_t fold_ascii(struct slice text, char *out)
{
	size_t i = 0;
	uint64_t bytes;

	for (; i + sizeof(bytes) <= text.len; i += sizeof(bytes)) {
		memcpy(&bytes, text.ptr + i, sizeof(bytes));
		if (bytes & UINT64_C(0x8080808080808080))
			break;
		bytes = fold_eight(bytes);
		memcpy(out + i, &bytes, sizeof(bytes));
	}
	for (; i < text.len && (unsigned char)text.ptr[i] < 0x80; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		out[i] = (char)(byte + ((unsigned char)(byte - 'A') < 26 ? 32 : 0));
	}
	return i;
}

void fold_case(struct slice text, char *out)
{
	while (text.len > 0) {
		size_t n = fold_ascii(text, out);

		text = slice_from(text, n);
		out += n;
		if (text.len == 0)
			return;
		n = utf8_width(text);
		if (n == 2)
			fold_two((const unsigned char *)text.ptr, out);
		else if (n == 3)
			fold_three((const unsigned char *)text.ptr, out);
		else
			memmove(out, text.ptr, n = n ? n : 1);
		text = slice_from(text, n);
		out += n;
	}
}

/* ---- symbols ------------------------------------------------------------- */

static struct symbols symbols_room(struct arena *arena, size_t n)
{
	struct symbols symbols = {.n = n};

	if (n <= PATTERN_SYMBOLS_MAX)
		symbols.at = arena_alloc(arena, (n + 1) * sizeof(*symbols.at));
	return symbols;
}

struct symbols symbols_of_bytes(struct arena *arena, struct slice bytes)
{
	struct symbols symbols = symbols_room(arena, bytes.len);

	for (size_t i = 0; symbols.at != NULL && i < bytes.len; i++)
		symbols.at[i] = (unsigned char)bytes.ptr[i];
	return symbols;
}

static bool escapes(struct slice text, size_t i)
{
	return text.ptr[i] == '\\' && i + 1 < text.len &&
	       (text.ptr[i + 1] == '\\' || text.ptr[i + 1] == '*' || text.ptr[i + 1] == '?');
}

struct symbols symbols_of(struct arena *arena, struct slice text)
{
	struct symbols symbols = symbols_room(arena, text.len);
	size_t n = 0;

	if (symbols.at == NULL)
		return symbols;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		if (escapes(text, i))
			symbols.at[n++] = (unsigned char)text.ptr[++i];
		else if (byte == '*')
			symbols.at[n++] = SYMBOL_MANY;
		else
			symbols.at[n++] = byte == '?' ? SYMBOL_ONE : byte;
	}
	symbols.n = n;
	return symbols;
}

struct symbols symbols_join(struct arena *arena, const struct symbols *parts, size_t n)
{
	struct symbols all = {0};

	for (size_t i = 0; i < n; i++)
		all.n += parts[i].n;
	all = symbols_room(arena, all.n);
	for (size_t i = 0, at = 0; all.at != NULL && i < n; at += parts[i++].n) {
		if (parts[i].n > 0)
			memcpy(all.at + at, parts[i].at, parts[i].n * sizeof(*all.at));
	}
	return all;
}

bool symbols_plain(struct symbols symbols)
{
	for (size_t i = 0; i < symbols.n; i++) {
		if (symbols.at[i] >= SYMBOL_ONE)
			return false;
	}
	return true;
}

struct slice symbols_text(struct arena *arena, struct symbols symbols)
{
	char *bytes = arena_alloc(arena, symbols.n + 1);

	if (bytes == NULL)
		return SLICE_NONE;
	for (size_t i = 0; i < symbols.n; i++)
		bytes[i] = (char)symbols.at[i];
	return slice_of(bytes, symbols.n);
}

/* ---- compiling ----------------------------------------------------------- */

/* '**' is '*'; the case of literal runs folded. */
static bool tidy(struct arena *arena, struct symbols *symbols, bool cased)
{
	size_t n = 0;

	for (size_t i = 0; i < symbols->n; i++) {
		if (symbols->at[i] != SYMBOL_MANY || n == 0 ||
			symbols->at[n - 1] != SYMBOL_MANY)
			symbols->at[n++] = symbols->at[i];
	}
	symbols->n = n;
	for (size_t i = 0, end; !cased && i < n; i = end + 1) {
		for (end = i; end < n && symbols->at[end] < SYMBOL_ONE; end++)
			;

		struct slice run =
			symbols_text(arena, (struct symbols){symbols->at + i, end - i});
		char *bytes = arena_alloc(arena, end - i + 1);
		if (slice_absent(run) || bytes == NULL)
			return false;
		fold_case(run, bytes);
		for (size_t k = i; k < end; k++)
			symbols->at[k] = (unsigned char)bytes[k - i];
	}
	return true;
}

static struct symbols longest_run(struct symbols all)
{
	struct symbols best = {all.at, 0};

	for (size_t i = 0, end; i < all.n; i = end + 1) {
		for (end = i; end < all.n && all.at[end] < SYMBOL_ONE; end++)
			;
		if (end - i > best.n)
			best = (struct symbols){all.at + i, end - i};
	}
	return best;
}

static struct slice folded_copy(struct arena *arena, struct slice text)
{
	char *bytes = slice_absent(text) ? NULL : arena_alloc(arena, text.len + 1);

	if (bytes == NULL)
		return SLICE_NONE;
	fold_case(text, bytes);
	return slice_of(bytes, text.len);
}

static enum pattern_kind kind_of(bool open_start, bool open_end)
{
	if (open_start)
		return open_end ? PATTERN_WITHIN : PATTERN_END;
	return open_end ? PATTERN_START : PATTERN_WHOLE;
}

bool pattern_compile(
	struct arena *arena, struct symbols symbols, bool cased, struct pattern *pattern)
{
	if (symbols.at == NULL || !tidy(arena, &symbols, cased))
		return false;

	bool open_start = symbols.n > 0 && symbols.at[0] == SYMBOL_MANY;
	bool open_end = symbols.n > 1 && symbols.at[symbols.n - 1] == SYMBOL_MANY;
	struct symbols inner = {
		symbols.at + open_start, symbols.n - (size_t)open_start - (size_t)open_end};

	*pattern = (struct pattern){.kind = PATTERN_GLOB, .symbols = symbols};
	if (open_start && symbols.n == 1)
		pattern->kind = PATTERN_ANYTHING;
	else if (symbols_plain(inner))
		pattern->kind = kind_of(open_start, open_end);
	pattern->literal = symbols_text(arena, longest_run(symbols));
	pattern->folded = cased ? folded_copy(arena, pattern->literal) : pattern->literal;
	return !slice_absent(pattern->literal) && !slice_absent(pattern->folded);
}

/* ---- matching ------------------------------------------------------------ */

static size_t dash_width(struct slice text)
{
	if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '/'))
		return 1;
	return slice_starts(text, SLICE_LIT("\u2013")) ||
			       slice_starts(text, SLICE_LIT("\u2014")) ||
			       slice_starts(text, SLICE_LIT("\u2015"))
		       ? 3
		       : 0;
}

/* Bytes of `text` that the symbol takes; 0 = it does not fit. */
static size_t symbol_width(uint16_t symbol, struct slice text)
{
	size_t width;

	if (text.len == 0)
		return 0;
	switch (symbol) {
	case SYMBOL_ONE:
		width = utf8_width(text);
		return width ? width : 1;
	case SYMBOL_DASH:
		return dash_width(text);
	default:
		return (unsigned char)text.ptr[0] == symbol;
	}
}

/* The usual way: when it does not go on, the last '*' takes one byte more. */
static bool glob(struct symbols symbols, struct slice text)
{
	size_t at = 0, resume = SIZE_MAX;
	struct slice retry = text;

	for (;;) {
		size_t width;

		if (at < symbols.n && symbols.at[at] == SYMBOL_MANY) {
			resume = ++at;
			retry = text;
			if (at == symbols.n)
				return true;
			continue;
		}
		if (at == symbols.n && text.len == 0)
			return true;
		width = at < symbols.n ? symbol_width(symbols.at[at], text) : 0;
		if (width > 0) {
			text = slice_from(text, width);
			at++;
			continue;
		}
		if (resume == SIZE_MAX || retry.len == 0)
			return false;
		retry = slice_from(retry, symbol_width(SYMBOL_ONE, retry));
		text = retry;
		at = resume;
	}
}

bool pattern_matches(const struct pattern *pattern, struct slice text)
{
	switch (pattern->kind) {
	case PATTERN_ANYTHING:
		return true;
	case PATTERN_WHOLE:
		return slice_eq(text, pattern->literal);
	case PATTERN_START:
		return slice_starts(text, pattern->literal);
	case PATTERN_END:
		return slice_ends(text, pattern->literal);
	case PATTERN_WITHIN:
		return memmem(text.ptr, text.len, pattern->literal.ptr, pattern->literal.len) !=
		       NULL;
	case PATTERN_GLOB:
		return glob(pattern->symbols, text);
	}
	return false;
}
