#include "collector/enrich/user_agent.h"

#include <pthread.h>
#include <stdlib.h>
#include <xxhash.h>

struct program {
	struct slice name;
	uint8_t class, rank;
};

struct os {
	struct slice name;
	uint8_t rank;
};

static const struct row {
	struct slice word;
	struct program program;
	struct os os;
	struct slice device;
} rows[] = {
#define PROGRAM(text, title, kind, weight)                                                     \
	{.word = {SLICE_BYTES(text)},                                                          \
		.program = {{SLICE_BYTES(title)}, USER_AGENT_##kind, (weight)}},
#define OS(text, title, weight)                                                                \
	{.word = {SLICE_BYTES(text)}, .os = {{SLICE_BYTES(title)}, (weight)}},
#define DEVICE(text, title) {.word = {SLICE_BYTES(text)}, .device = {SLICE_BYTES(title)}},
#include "collector/enrich/user_agents.def"
#undef PROGRAM
#undef OS
#undef DEVICE
};

/* ---- words by hash ---------------------------------------------------------- */

enum { SLOTS = 1024, HASH_FIRST = 0x811c9dc5, RANK_ANY_BOT = 55, WORD_MAX = 64 };

/* What a word means, the rows of it together. */
struct slot {
	struct slice word;
	const struct program *program;
	const struct os *os;
	struct slice device;
};

static struct slot slots[SLOTS];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static uint32_t hash_on(uint32_t hash, char byte)
{
	return (hash ^ (unsigned char)lower(byte)) * 0x01000193; /* FNV-1a */
}

static struct slot *find_slot(struct slice word, uint32_t hash)
{
	uint32_t at = (hash ^ hash >> 15) % SLOTS;

	while (slots[at].word.ptr != NULL && !slice_eq_nocase(slots[at].word, word))
		at = (at + 1) % SLOTS;
	return &slots[at];
}

static void fill_slots(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		uint32_t hash = HASH_FIRST;

		for (size_t at = 0; at < row->word.len; at++)
			hash = hash_on(hash, row->word.ptr[at]);
		struct slot *slot = find_slot(row->word, hash);
		slot->word = row->word;
		if (row->program.rank > 0)
			slot->program = &row->program;
		if (row->os.rank > 0)
			slot->os = &row->os;
		if (row->device.len > 0)
			slot->device = row->device;
	}
}

/* ---- reading ---------------------------------------------------------------- */

struct reading {
	struct slice text;
	struct user_agent *out;
	uint8_t program_rank, os_rank;
	struct slice version; /* "Version/16.5" of Safari and Opera */
	struct slice rv;      /* "rv:11.0" of IE */
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_word_byte(char byte)
{
	char small = lower(byte);

	return (small >= 'a' && small <= 'z') || is_digit(byte) || byte == '-' || byte == '_' ||
	       byte == '.';
}

static struct slice word_at(struct slice text, size_t at, size_t max)
{
	size_t len = 0;

	while (at + len < text.len && len < max && is_word_byte(text.ptr[at + len]))
		len++;
	return slice_of(text.ptr + at, len);
}

/* "/1.2" behind a name, also " 9.0" as MSIE has it. */
static struct slice version_at(struct slice text, size_t at)
{
	if (at + 1 >= text.len || (text.ptr[at] != '/' && text.ptr[at] != ' '))
		return SLICE_NONE;
	at++;
	if (text.ptr[at] == 'v' && at + 1 < text.len)
		at++;
	return is_digit(text.ptr[at]) ? word_at(text, at, USER_AGENT_VERSION_MAX) : SLICE_NONE;
}

/* The first of the next words that is a number: " NT 10.0", " OS X 10_15_7", "/22.04". */
static struct slice os_version_at(struct slice text, size_t at)
{
	enum { WORDS = 3 };

	for (unsigned i = 0; i < WORDS && at + 1 < text.len; i++) {
		if (text.ptr[at] != ' ' && text.ptr[at] != '/')
			break;
		struct slice word = word_at(text, at + 1, USER_AGENT_VERSION_MAX);
		if (word.len == 0)
			break;
		if (is_digit(word.ptr[0]))
			return word;
		at += 1 + word.len;
	}
	return SLICE_NONE;
}

/* The bytes of the text where they are the same: what lies in the line is stored for less. */
static struct slice as_written(struct slice name, struct slice word)
{
	return slice_eq(name, word) ? word : name;
}

static void take_program(
	struct reading *reading, const struct program *program, struct slice word, size_t end)
{
	if (program->rank <= reading->program_rank)
		return;
	reading->program_rank = program->rank;
	reading->out->name = as_written(program->name, word);
	reading->out->version = version_at(reading->text, end);
	reading->out->class = (enum user_agent_class)program->class;
}

/* "Googlebot-Video", "SeznamBot", "my-crawler": the word ends in what it is, or says it before
 * a hyphen. CUBOT makes telephones. */
static bool names_bot(struct slice word)
{
	static const struct slice ends[] = {
		{SLICE_BYTES("bot")}, {SLICE_BYTES("spider")}, {SLICE_BYTES("crawler")}};
	struct slice first = slice_head(word, slice_find(word, '-'));

	if (slice_eq_nocase(word, SLICE_LIT("cubot")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct slice end = ends[i];

		if ((word.len >= end.len &&
			    slice_eq_nocase(slice_from(word, word.len - end.len), end)) ||
			(first.len >= end.len &&
				slice_eq_nocase(slice_from(first, first.len - end.len), end)))
			return true;
	}
	return false;
}

static bool is_model(struct slice part)
{
	return part.len > 1 && !slice_eq(part, SLICE_LIT("wv")) &&
	       !slice_eq(part, SLICE_LIT("Mobile")) && !slice_eq(part, SLICE_LIT("Tablet")) &&
	       !slice_starts(part, SLICE_LIT("rv:")) &&
	       !(part.len == 5 && part.ptr[2] == '-'); /* "vi-vn" */
}

/* "; SM-S918B Build/...)" behind "Android 13". */
static struct slice model_at(struct slice text, size_t at)
{
	enum { PARTS = 2 };

	for (unsigned i = 0; i < PARTS; i++) {
		if (at + 2 >= text.len || text.ptr[at] != ';' || text.ptr[at + 1] != ' ')
			break;
		struct slice part = slice_from(text, at + 2);
		size_t len = 0;

		while (len < part.len && part.ptr[len] != ';' && part.ptr[len] != ')')
			len++;
		part = slice_head(part, len);
		struct slice model = slice_head(part, slice_search(part, SLICE_LIT(" Build")));
		if (is_model(model))
			return model;
		at += 2 + len;
	}
	return SLICE_NONE;
}

static void take_os(struct reading *reading, const struct os *os, struct slice word, size_t end)
{
	struct user_agent *out = reading->out;
	struct slice version;

	if (os->rank < reading->os_rank)
		return;
	version = os_version_at(reading->text, end);
	if (os->rank > reading->os_rank)
		out->os_version = SLICE_NONE;
	reading->os_rank = os->rank;
	out->os_name = as_written(os->name, word);
	if (slice_absent(out->os_version))
		out->os_version = version;
	if (slice_eq(os->name, SLICE_LIT("Android")) && !slice_absent(version))
		out->device = model_at(
			reading->text, (size_t)(version.ptr - reading->text.ptr) + version.len);
}

/* Words that stand for no program: "Version/16.5", "rv:11.0", "CPU OS 16_5". */
static void take_other(struct reading *reading, struct slice word, size_t end)
{
	static const struct program bot = {{0}, USER_AGENT_BOT, RANK_ANY_BOT};
	struct slice text = reading->text;

	if (slice_eq(word, SLICE_LIT("Version")))
		reading->version = version_at(text, end);
	else if (slice_eq(word, SLICE_LIT("rv")) && end < text.len && text.ptr[end] == ':')
		reading->rv = word_at(text, end + 1, USER_AGENT_VERSION_MAX);
	else if (slice_eq(word, SLICE_LIT("OS")) &&
		 slice_eq(reading->out->os_name, SLICE_LIT("iOS")) &&
		 slice_absent(reading->out->os_version))
		reading->out->os_version = version_at(text, end);
	else if (reading->program_rank < RANK_ANY_BOT && names_bot(word)) {
		take_program(reading, &bot, word, end);
		reading->out->name = word;
	}
}

static void take_word(struct reading *reading, struct slice word, uint32_t hash)
{
	size_t end = (size_t)(word.ptr - reading->text.ptr) + word.len;
	const struct slot *slot = find_slot(word, hash);

	if (slot->word.ptr == NULL) {
		take_other(reading, word, end);
		return;
	}
	if (slot->program != NULL)
		take_program(reading, slot->program, word, end);
	if (slot->os != NULL)
		take_os(reading, slot->os, word, end);
	if (slot->device.len > 0 && slice_absent(reading->out->device))
		reading->out->device = slot->device;
}

static void read_words(struct reading *reading)
{
	struct slice text = reading->text;

	for (size_t at = 0; at < text.len;) {
		uint32_t hash = HASH_FIRST;
		size_t start = at;

		while (at < text.len && is_word_byte(text.ptr[at]))
			hash = hash_on(hash, text.ptr[at++]);
		if (at == start)
			at++;
		else if (at - start <= WORD_MAX && !is_digit(text.ptr[start]))
			take_word(reading, slice_of(text.ptr + start, at - start), hash);
	}
}

/* Versions of the kernel, as their makers sell them. */
static void name_windows(struct user_agent *out)
{
	static const struct {
		struct slice nt, sold;
	} versions[] = {
		{{SLICE_BYTES("10.0")}, {SLICE_BYTES("10")}},
		{{SLICE_BYTES("6.3")}, {SLICE_BYTES("8.1")}},
		{{SLICE_BYTES("6.2")}, {SLICE_BYTES("8")}},
		{{SLICE_BYTES("6.1")}, {SLICE_BYTES("7")}},
		{{SLICE_BYTES("6.0")}, {SLICE_BYTES("Vista")}},
		{{SLICE_BYTES("5.2")}, {SLICE_BYTES("XP")}},
		{{SLICE_BYTES("5.1")}, {SLICE_BYTES("XP")}},
		{{SLICE_BYTES("5.0")}, {SLICE_BYTES("2000")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (slice_eq(out->os_version, versions[i].nt)) {
			out->os_version = versions[i].sold;
			return;
		}
	}
}

void user_agent_read(struct slice text, struct user_agent *out)
{
	struct reading reading = {
		.text = slice_head(
			text, text.len < USER_AGENT_READ_MAX ? text.len : USER_AGENT_READ_MAX),
		.out = out,
	};

	*out = (struct user_agent){.class = USER_AGENT_OTHER};
	pthread_once(&slots_once, fill_slots);
	read_words(&reading);
	if (!slice_absent(reading.version) && (slice_eq(out->name, SLICE_LIT("Safari")) ||
						      slice_eq(out->name, SLICE_LIT("Opera"))))
		out->version = reading.version;
	if (slice_eq(out->name, SLICE_LIT("IE")) && reading.rv.len > 0)
		out->version = reading.rv;
	if (slice_eq(out->os_name, SLICE_LIT("Windows")))
		name_windows(out);
}

/* ---- what was read before --------------------------------------------------- */

/* A slice of `from` becomes the same one of `to`, which has the same bytes. */
static void follow(struct slice *value, struct slice from, const char *to)
{
	if (slice_is_within(*value, from))
		value->ptr = to + (value->ptr - from.ptr);
}

void user_agent_find(struct user_agent_cache *cache, struct slice text, struct user_agent *out)
{
	struct slice head = slice_head(
		text, text.len < USER_AGENT_READ_MAX ? text.len : USER_AGENT_READ_MAX);
	struct user_agent_slot *slot =
		&cache->slots[XXH3_64bits(head.ptr, head.len) % USER_AGENT_CACHE_SIZE];

	if (head.len == 0 || !slice_eq(slice_of(slot->text, slot->len), head)) {
		memcpy(slot->text, head.ptr, head.len);
		slot->len = head.len;
		user_agent_read(slice_of(slot->text, slot->len), &slot->agent);
	}
	struct slice known = slice_of(slot->text, slot->len);
	*out = slot->agent;
	follow(&out->name, known, text.ptr);
	follow(&out->version, known, text.ptr);
	follow(&out->os_name, known, text.ptr);
	follow(&out->os_version, known, text.ptr);
	follow(&out->device, known, text.ptr);
}

struct slice user_agent_class_name(enum user_agent_class class)
{
	static const struct slice names[] = {
		[USER_AGENT_OTHER] = {SLICE_BYTES("other")},
		[USER_AGENT_BROWSER] = {SLICE_BYTES("browser")},
		[USER_AGENT_BOT] = {SLICE_BYTES("bot")},
		[USER_AGENT_TOOL] = {SLICE_BYTES("tool")},
		[USER_AGENT_SCANNER] = {SLICE_BYTES("scanner")},
	};

	return names[class];
}
