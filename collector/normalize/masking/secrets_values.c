#include "collector/normalize/masking/secrets_private.h"

#include "collector/normalize/masking/masking.h"

/* ---- values of the policy's fields ----------------------------------------------- */

static bool is_word_byte(char byte)
{
	return is_base64url(byte) && byte != '-';
}

/* A value stands there by itself; a short one could be part of any word. */
static bool is_whole_word(struct slice text, size_t at, size_t len)
{
	return !(at > 0 && is_word_byte(text.ptr[at - 1]) && is_word_byte(text.ptr[at])) &&
	       !(at + len < text.len && is_word_byte(text.ptr[at + len]) &&
		       is_word_byte(text.ptr[at + len - 1]));
}

static bool has_bytes_to_hide(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] != '*')
			return true;
	}
	return false;
}

void hidden_values_add(struct hidden_values *hidden, struct hidden_value value)
{
	unsigned at = 0;

	if (!has_bytes_to_hide(slice_from(value.value, value.lead)))
		return;
	for (unsigned i = 0; i < hidden->n; i++) {
		const struct hidden_value *other = &hidden->items[i];

		if (slice_eq(other->value, value.value) && other->lead == value.lead &&
			other->is_word <= value.is_word)
			return;
		at += other->value.len >= value.value.len;
	}
	hidden->full = hidden->full || hidden->n == HIDDEN_VALUES_MAX;
	if (hidden->full)
		return;
	memmove(&hidden->items[at + 1], &hidden->items[at],
		(hidden->n - at) * sizeof(*hidden->items));
	hidden->items[at] = value;
	hidden->n++;
}

static bool hide_again(
	struct masking *masking, struct hidden_value *hidden, size_t from, size_t to)
{
	hidden->found = true;
	masking->rule = hidden->rule;
	return masking_is_all_hidden(masking, from, to) ||
	       masking_hide_as(masking, from, to, hidden->with);
}

static bool hide_as_it_is(struct masking *masking, struct hidden_value *hidden)
{
	struct slice text = masking->text, value = hidden->value;

	for (size_t at = 0; at < text.len; at += value.len) {
		at += slice_search(slice_from(text, at), value);
		if (at >= text.len)
			break;
		if ((!hidden->is_word || is_whole_word(text, at, value.len)) &&
			!hide_again(masking, hidden, at + hidden->lead, at + value.len))
			return false;
	}
	return true;
}

/* A short one may be anything elsewhere. */
static bool is_searched(const struct hidden_value *hidden)
{
	return hidden->is_word || hidden->value.len >= SECRET_NAME_MIN;
}

static bool hide_value_everywhere(struct masking *masking, struct hidden_value *hidden)
{
	if (masking->whole == NULL && slice_is_within(hidden->value, masking->text)) {
		size_t at = (size_t)(hidden->value.ptr - masking->text.ptr);

		if (!hide_again(masking, hidden, at + hidden->lead, at + hidden->value.len))
			return false;
	}
	return !is_searched(hidden) || hide_as_it_is(masking, hidden);
}

static bool hide_values(struct masking *masking, struct hidden_values *hidden)
{
	for (unsigned i = 0; i < hidden->n; i++) {
		if (!hide_value_everywhere(masking, &hidden->items[i]))
			return false;
	}
	return true;
}

/* ---- values of other texts, however they are written --------------------------------- */

/* "\"", "\\", "\/", "\n" ...: of JSON (RFC 8259, section 7) */
static bool plain_escape(char letter, char *byte)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found = letter != '\0' ? strchr(letters, letter) : NULL;

	if (found != NULL)
		*byte = bytes[found - letters];
	return found != NULL;
}

/* Bytes of the text at `at` that may stand for `byte`; 0 = another one stands there. */
static size_t written_as(struct slice text, size_t at, char byte)
{
	char undone;
	size_t len = masking_escape_at(text, at, &undone);

	if (len > 0 && undone == byte)
		return len;
	if (text.ptr[at] == '\\' && at + 1 < text.len &&
		plain_escape(text.ptr[at + 1], &undone) && undone == byte)
		return 2;
	return text.ptr[at] == byte;
}

/* Two digits of hexadecimal at `at` (of auditd), or 0. */
static size_t written_in_hex(struct slice text, size_t at, char byte)
{
	if (at + 2 > text.len)
		return 0;
	int high = masking_hex_digit(text.ptr[at]), low = masking_hex_digit(text.ptr[at + 1]);

	return high >= 0 && low >= 0 && (high << 4 | low) == (unsigned char)byte ? 2 : 0;
}

typedef size_t writing(struct slice text, size_t at, char byte);

/* Where `value` that begins at `at` ends; 0 = it does not stand there. *lead is its part that
 * stays. */
static size_t written_end(struct hidden_values *values, const struct hidden_value *hidden,
	struct slice text, size_t at, writing *written, size_t *lead)
{
	for (size_t i = 0; i < hidden->value.len; i++) {
		size_t len = at < text.len ? written(text, at, hidden->value.ptr[i]) : 0;

		values->effort++;
		if (i == hidden->lead)
			*lead = at;
		if (len == 0)
			return 0;
		at += len;
	}
	return at;
}

/* False when the arena is full. What was not looked at is as good as not found. */
static bool hide_written(struct masking *masking, struct hidden_values *values,
	struct hidden_value *hidden, writing *written)
{
	struct slice text = masking->text;

	for (size_t at = 0; at < text.len;) {
		size_t lead = at;
		size_t end = written_end(values, hidden, text, at, written, &lead);

		if (values->effort > EFFORT_MAX) {
			values->full = true;
			return true;
		}
		if (end > 0 && hidden->is_word && !is_whole_word(text, at, end - at))
			end = 0;
		if (end > 0 && !hide_again(masking, hidden, lead, end))
			return false;
		at = end > 0 ? end : at + 1;
	}
	return true;
}

/* With escapes, in the hexadecimal digits of auditd. A name that stands in the line in plain is
 * not looked for in those. */
static bool hide_however_written(struct masking *masking, struct hidden_values *values)
{
	bool escapes = slice_find(masking->text, '\\') < masking->text.len ||
		       slice_find(masking->text, '%') < masking->text.len;

	for (unsigned i = 0; i < values->n; i++) {
		struct hidden_value *hidden = &values->items[i];

		if (!is_searched(hidden))
			continue;
		if (escapes && !hide_written(masking, values, hidden, written_as))
			return false;
		if (hidden->value.len >= SECRET_NAME_MIN &&
			!(hidden->is_word && hidden->found) &&
			!hide_written(masking, values, hidden, written_in_hex))
			return false;
	}
	return true;
}

bool masking_scan_hidden(struct masking *masking, struct hidden_values *hidden)
{
	masking->learnt = NULL;
	return hide_values(masking, hidden) && hide_however_written(masking, hidden);
}
