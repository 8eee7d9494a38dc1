#include "collector/normalize/families/winlog.h"

#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/stamp.h"

_Static_assert(FIELD_EVENT_DATA_OPERATION - FIELD_EVENT_DATA_ACCESS_LIST < WINLOG_DATA_COUNT,
	"values of events have no room");

/* ---- values of the event ------------------------------------------------------------ */

static const struct name_entry data_names[] = {
#define EVENT_DATA(number, id, name) NAME(name, number),
#include "collector/record/event_data.def"
#undef EVENT_DATA
};
static struct name_table data_table = NAME_TABLE(data_names);

void winlog_add_data(struct winlog *winlog, struct slice name, struct slice value)
{
	unsigned id = name_table_find(&data_table, name, name_hash(name));

	if (slice_absent(value))
		return;
	if (id == 0) {
		put_other(winlog->record, winlog->context, FIELD_OTHER_EVENT_DATA, name, value);
		return;
	}
	if (slice_absent(winlog->data[id - WINLOG_DATA_FIRST]))
		winlog->data[id - WINLOG_DATA_FIRST] = value;
	put_some(winlog->record, winlog->context, (enum field_id)id, value);
}

struct slice winlog_other(const struct winlog *winlog, struct slice name)
{
	const struct record *record = winlog->record;

	for (unsigned i = 0; i + 1 < record->n_fields; i++) {
		if (record->fields[i].id == FIELD_OTHER_EVENT_DATA &&
			slice_eq(field_value(&record->fields[i]), name))
			return field_value(&record->fields[i + 1]);
	}
	return SLICE_NONE;
}

static struct slice value_named(const struct winlog *winlog, struct slice name)
{
	unsigned id = name_table_find(&data_table, name, name_hash(name));

	return id == 0 ? winlog_other(winlog, name) : winlog->data[id - WINLOG_DATA_FIRST];
}

enum { VALUE_NAME_MAX = 64 };

struct slice winlog_value(const struct winlog *winlog, struct slice name)
{
	struct slice value = value_named(winlog, name);
	char capital[VALUE_NAME_MAX];

	if (!slice_absent(value) || name.len == 0 || name.len > sizeof(capital) ||
		name.ptr[0] < 'a' || name.ptr[0] > 'z')
		return value;
	memcpy(capital, name.ptr, name.len); /* of Wazuh's names nobody knows how they began */
	capital[0] = (char)(capital[0] - 'a' + 'A');
	return value_named(winlog, slice_of(capital, name.len));
}

enum { KEYWORD_FAILURE_BIT = 52, KEYWORD_SUCCESS_BIT = 53 };

bool winlog_read_hex(struct slice text, uint64_t *value)
{
	*value = 0;
	if (text.len == 0 || text.len > 16)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char byte = (char)(text.ptr[i] | 0x20);

		if (is_digit(text.ptr[i]))
			*value = *value << 4 | (uint64_t)(text.ptr[i] - '0');
		else if (byte >= 'a' && byte <= 'f')
			*value = *value << 4 | (uint64_t)(byte - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* "0x8020000000000000", "-9214364837600034816", "9232379236109516800" */
static bool read_keywords(struct slice text, uint64_t *bits)
{
	bool negative;

	if (skip_lit(&text, "0x"))
		return winlog_read_hex(text, bits);
	negative = skip_byte(&text, '-');
	if (!slice_to_u64(text, UINT64_MAX, bits))
		return false;
	if (negative)
		*bits = 0 - *bits;
	return true;
}

void winlog_take_keywords(struct winlog *winlog, struct slice keywords)
{
	uint64_t bits;

	if (slice_eq_nocase(keywords, SLICE_LIT("Audit Failure")))
		winlog->outcome = SLICE_LIT("failure");
	else if (slice_eq_nocase(keywords, SLICE_LIT("Audit Success")))
		winlog->outcome = SLICE_LIT("success");
	else if (read_keywords(keywords, &bits) && bits >> KEYWORD_FAILURE_BIT & 1)
		winlog->outcome = SLICE_LIT("failure");
	else if (read_keywords(keywords, &bits) && bits >> KEYWORD_SUCCESS_BIT & 1)
		winlog->outcome = SLICE_LIT("success");
	else
		winlog->keywords = keywords;
}

/* ---- pieces ---------------------------------------------------------------------------- */

void winlog_put_some(struct winlog *winlog, enum field_id id, struct slice value)
{
	if (slice_eq(value, SLICE_LIT("N/A")) || slice_starts(value, SLICE_LIT("%%")))
		return;
	put_some(winlog->record, winlog->context, id, value);
}

/* Behind the last '\' or '/'. */
static size_t name_at(struct slice path)
{
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '\\' && path.ptr[at - 1] != '/')
		at--;
	return at;
}

void winlog_put_executable(
	struct winlog *winlog, enum field_id executable, enum field_id name, struct slice path)
{
	if (path.len < 2)
		return;
	winlog_put_some(winlog, executable, path);
	winlog_put_some(winlog, name, slice_from(path, name_at(path)));
}

void winlog_put_file(struct winlog *winlog, struct slice path)
{
	struct slice name, stem, extension;

	if (path.len < 2)
		return;
	winlog_put_some(winlog, FIELD_FILE_PATH, path);
	name = slice_from(path, name_at(path));
	winlog_put_some(winlog, FIELD_FILE_NAME, name);
	if (name.len + 1 < path.len)
		winlog_put_some(winlog, FIELD_FILE_DIRECTORY,
			slice_head(path, path.len - name.len - 1));
	if (cut_last(name, SLICE_LIT("."), &stem, &extension) && stem.len > 0)
		winlog_put_some(winlog, FIELD_FILE_EXTENSION, extension);
}

void winlog_put_id(struct winlog *winlog, enum field_id id, struct slice number)
{
	uint64_t value;

	if (skip_lit(&number, "0x")) {
		if (winlog_read_hex(number, &value) && value <= INT64_MAX)
			put_number(winlog->record, winlog->context, id, value);
	} else {
		put_digits(winlog->record, winlog->context, id, number);
	}
}

void winlog_put_account(struct winlog *winlog, struct slice account)
{
	struct slice domain;

	if (take_until(&account, '\\', &domain))
		winlog_put_some(winlog, FIELD_USER_DOMAIN, domain);
	winlog_put_some(winlog, FIELD_USER_NAME, account);
}

/* "HKLM\System\...\Name": hive, key, value. */
void winlog_put_registry(struct winlog *winlog, struct slice path)
{
	static const struct {
		struct slice begin, hive;
	} hives[] = {
		{{SLICE_BYTES("HKLM")}, {SLICE_BYTES("HKLM")}},
		{{SLICE_BYTES("HKU")}, {SLICE_BYTES("HKU")}},
		{{SLICE_BYTES("HKCU")}, {SLICE_BYTES("HKCU")}},
		{{SLICE_BYTES("HKCR")}, {SLICE_BYTES("HKCR")}},
		{{SLICE_BYTES("\\REGISTRY\\MACHINE")}, {SLICE_BYTES("HKLM")}},
		{{SLICE_BYTES("\\REGISTRY\\USER")}, {SLICE_BYTES("HKU")}},
	};
	struct slice key = path, before, value;

	winlog_put_some(winlog, FIELD_REGISTRY_PATH, path);
	for (size_t i = 0; i < ARRAY_LEN(hives); i++) {
		if (!skip_text(&key, hives[i].begin))
			continue;
		put(winlog->record, winlog->context, FIELD_REGISTRY_HIVE, hives[i].hive);
		(void)skip_byte(&key, '\\');
		winlog_put_some(winlog, FIELD_REGISTRY_KEY, key);
		break;
	}
	if (cut_last(path, SLICE_LIT("\\"), &before, &value))
		winlog_put_some(winlog, FIELD_REGISTRY_VALUE, value);
}

/* ---- command lines ---------------------------------------------------------------------- */

enum { ARGUMENTS_MAX = 64 };

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* The program's name: to the closing quote, or to the next blank; nothing is escaped. */
static struct slice take_program(struct slice *rest)
{
	struct slice name;

	if (skip_byte(rest, '"')) {
		size_t len = slice_find(*rest, '"');

		name = slice_head(*rest, len);
		*rest = slice_from(*rest, len < rest->len ? len + 1 : len);
		return name;
	}
	size_t len = 0;
	while (len < rest->len && !is_blank(rest->ptr[len]))
		len++;
	name = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return name;
}

/* Where the argument at the start ends; *plain when it has neither quote nor backslash. */
static size_t argument_end(struct slice text, bool *plain)
{
	bool quoted = false;
	size_t i;

	*plain = true;
	for (i = 0; i < text.len && (quoted || !is_blank(text.ptr[i])); i++) {
		if (text.ptr[i] == '\\') {
			while (i + 1 < text.len && text.ptr[i + 1] == '\\')
				i++;
			if (i + 1 < text.len && text.ptr[i + 1] == '"')
				*plain = false;
		} else if (text.ptr[i] == '"') {
			size_t slashes = 0;

			while (slashes < i && text.ptr[i - 1 - slashes] == '\\')
				slashes++;
			quoted ^= slashes % 2 == 0;
			*plain = false;
		}
	}
	return i;
}

/* 2n backslashes and a quote are n backslashes, and the quote goes; one more keeps it. */
static struct slice unquote(struct winlog *winlog, struct slice text)
{
	char *start = arena_alloc(winlog->context->arena, text.len), *to = start;

	if (start == NULL) {
		winlog->context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++) {
		size_t slashes = 0;

		while (i + slashes < text.len && text.ptr[i + slashes] == '\\')
			slashes++;
		bool quote = i + slashes < text.len && text.ptr[i + slashes] == '"';
		for (size_t n = quote ? slashes / 2 : slashes; n > 0; n--)
			*to++ = '\\';
		i += slashes;
		if (i < text.len && (!quote || slashes % 2 == 1))
			*to++ = text.ptr[i];
	}
	return slice_of(start, (size_t)(to - start));
}

static struct slice take_argument(struct winlog *winlog, struct slice *rest)
{
	bool plain;
	struct slice argument = slice_head(*rest, argument_end(*rest, &plain));

	*rest = slice_from(*rest, argument.len);
	return plain ? argument : unquote(winlog, argument);
}

void winlog_put_command(
	struct winlog *winlog, enum field_id line, enum field_id arguments, struct slice text)
{
	struct slice rest = slice_trim(text);

	if (rest.len < 2)
		return;
	winlog_put_some(winlog, line, text);
	put(winlog->record, winlog->context, arguments, take_program(&rest));
	for (unsigned n = 1; n < ARGUMENTS_MAX; n++) {
		while (rest.len > 0 && is_blank(rest.ptr[0]))
			rest = slice_from(rest, 1);
		if (rest.len == 0)
			return;
		put(winlog->record, winlog->context, arguments, take_argument(winlog, &rest));
	}
}

/* "\"C:\a b\x.exe\" -k", "C:\a b\x.exe -k", "\SystemRoot\x.sys" */
void winlog_put_image_path(struct winlog *winlog, struct slice text)
{
	struct slice rest = slice_trim(text), program = rest;
	size_t end;

	if (rest.len < 2)
		return;
	if (rest.ptr[0] == '"') {
		program = take_program(&rest);
	} else {
		end = slice_search(rest, SLICE_LIT(".exe ")) + 4;
		program = slice_head(rest, end < rest.len ? end : rest.len);
	}
	winlog_put_some(winlog, FIELD_PROCESS_EXECUTABLE, program);
	if (program.len < text.len)
		winlog_put_some(winlog, FIELD_PROCESS_COMMAND_LINE, text);
}

/* ---- the whole --------------------------------------------------------------------------- */

const struct winlog_event *winlog_find(
	const struct winlog_event *table, size_t n, unsigned event_id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table[middle].id < event_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && table[low].id == event_id ? &table[low] : NULL;
}

static void put_level(struct winlog *winlog)
{
	static const char *const words[] = {
		"information", "critical", "error", "warning", "information", "verbose"};
	uint64_t number;

	if (slice_absent(winlog->level))
		return;
	if (slice_to_u64(winlog->level, ARRAY_LEN(words) - 1, &number)) {
		put(winlog->record, winlog->context, FIELD_LOG_LEVEL, slice_str(words[number]));
		return;
	}
	for (size_t i = 1; i < ARRAY_LEN(words); i++) { /* "INFO", "WARNING" of NXLog */
		struct slice word = slice_str(words[i]);

		if (winlog->level.len >= 4 && winlog->level.len <= word.len &&
			slice_eq_nocase(slice_head(word, winlog->level.len), winlog->level)) {
			put(winlog->record, winlog->context, FIELD_LOG_LEVEL, word);
			return;
		}
	}
	winlog_put_some(winlog, FIELD_LOG_LEVEL, winlog->level);
}

static void put_system(struct winlog *winlog)
{
	struct record *record = winlog->record;
	struct parse_context *context = winlog->context;

	put_digits(record, context, FIELD_EVENT_CODE, winlog->event_id);
	winlog_put_some(winlog, FIELD_EVENT_PROVIDER, winlog->provider);
	winlog_put_some(winlog, FIELD_WINLOG_CHANNEL, winlog->channel);
	if (!slice_absent(winlog->computer))
		put_over(record, context, FIELD_HOST_NAME, winlog->computer);
	put_digits(record, context, FIELD_WINLOG_RECORD_ID, winlog->record_id);
	winlog_put_some(winlog, FIELD_WINLOG_TASK, winlog->task);
	winlog_put_some(winlog, FIELD_WINLOG_OPCODE, winlog->opcode);
	winlog_put_some(winlog, FIELD_WINLOG_KEYWORDS, winlog->keywords);
	winlog_put_some(winlog, FIELD_WINLOG_ACTIVITY_ID, winlog->activity_id);
	winlog_put_some(winlog, FIELD_WINLOG_USER_IDENTIFIER, winlog->user_id);
	put_level(winlog);
	if (!slice_absent(winlog->message))
		put_over(record, context, FIELD_MESSAGE, winlog->message);
}

static void put_time(struct winlog *winlog)
{
	struct slice time = winlog->time;
	int64_t ns;

	if (!slice_absent(time) &&
		(take_stamp_iso(&time, winlog->context, &ns) || stamp_from_epoch(time, &ns) ||
			take_stamp_any(&time, winlog->context, &ns)))
		winlog->record->created_ns = ns;
}

static bool is_security(const struct winlog *winlog)
{
	return (slice_eq(winlog->channel, SLICE_LIT("Security")) &&
		       !slice_starts(winlog->provider, SLICE_LIT("AD FS"))) ||
	       slice_eq(winlog->provider, SLICE_LIT("Microsoft-Windows-Security-Auditing"));
}

static bool is_sysmon(const struct winlog *winlog)
{
	return slice_eq(winlog->provider, SLICE_LIT("Microsoft-Windows-Sysmon")) ||
	       slice_eq(winlog->provider, SLICE_LIT("Linux-Sysmon")) ||
	       slice_eq(winlog->channel, SLICE_LIT("Microsoft-Windows-Sysmon/Operational"));
}

void winlog_put(struct winlog *winlog)
{
	uint64_t event_id;

	take_out(winlog->record, FIELD_PROCESS_NAME); /* who carried the event here */
	take_out(winlog->record, FIELD_PROCESS_PID);
	put_time(winlog);
	put_system(winlog);
	if (!slice_to_u64(winlog->event_id, UINT16_MAX, &event_id))
		event_id = 0; /* in no table */
	if (is_security(winlog))
		winlog_put_security(winlog, (unsigned)event_id);
	else if (is_sysmon(winlog))
		winlog_put_sysmon(winlog, (unsigned)event_id);
	else
		winlog_put_other(winlog, (unsigned)event_id);
}
