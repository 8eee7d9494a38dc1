/*
 * winlog - events of the Windows event log, however they came: JSON of several shippers, XML,
 * Snare's lines
 *
 * A parser reads the sender's names into a struct winlog; winlog_put() gives
 * them the meaning of ECS: users, log-ons, processes, files, hashes. What the
 * event itself says (EventData, UserData) is kept under its own names below
 * "winlog.event_data.".
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_WINLOG_H
#define COLLECTOR_NORMALIZE_WINLOG_H

#include "collector/normalize/text/extract.h"

enum { WINLOG_DATA_FIRST = FIELD_EVENT_DATA_ACCESS_LIST, WINLOG_DATA_COUNT = 300 };

/* Members that are absent were not said. Values may be in any form a shipper writes. */
struct winlog {
	struct record *record;
	struct parse_context *context;

	struct slice event_id; /* digits */
	struct slice channel, provider, computer, record_id;
	struct slice level; /* "0".."5" or a word */
	struct slice time;  /* ISO 8601 */
	struct slice task;  /* as text: "Process Create (rule: ProcessCreate)" */
	struct slice opcode, keywords, activity_id;
	struct slice outcome;        /* "success", "failure": of an audit event */
	struct slice pid, thread_id; /* of who wrote the event, decimal */
	struct slice user_id, user_name, user_domain; /* whose process that was */
	struct slice message;                         /* the text for people */
	struct slice inner; /* what another program wrote there, for its own parser */

	struct slice data[WINLOG_DATA_COUNT]; /* by field id; WINLOG_DATA() */
};

/* WINLOG_DATA(winlog, TARGET_USER_NAME) */
#define WINLOG_DATA(winlog, name) ((winlog)->data[FIELD_EVENT_DATA_##name - WINLOG_DATA_FIRST])

/* One value of EventData or UserData by Microsoft's name for it; kept, and put on the record.
 */
void winlog_add_data(struct winlog *winlog, struct slice name, struct slice value);

/* "0x8020000000000000" or its decimal, signed or not: a success or failure audit. */
void winlog_take_keywords(struct winlog *winlog, struct slice keywords);

/* All that was read: the time, and fields by their ECS names. */
void winlog_put(struct winlog *winlog);

/* ---- for the files winlog_*.c that know a provider's events --------------------------- */

/* What an event means, and what its values are about. */
struct winlog_event {
	unsigned id;
	struct meaning meaning;
	unsigned shape; /* each file's own */
};

/* In a table sorted by id; NULL when it is not there. */
const struct winlog_event *winlog_find(
	const struct winlog_event *table, size_t n, unsigned event_id);

void winlog_put_security(struct winlog *winlog, unsigned event_id);
void winlog_put_sysmon(struct winlog *winlog, unsigned event_id);
void winlog_put_other(struct winlog *winlog, unsigned event_id);

/* A detection that a product told in its own words; false, with nothing added, when it is none.
 */
bool winlog_put_antivirus(struct winlog *winlog);

/* A value of the event whose name the dictionary lacks. */
struct slice winlog_other(const struct winlog *winlog, struct slice name);

/* A value of the event by its name, whether the dictionary has it or not. */
struct slice winlog_value(const struct winlog *winlog, struct slice name);

/* The value unless it says nothing: "", "-", "N/A", "%%...". */
void winlog_put_some(struct winlog *winlog, enum field_id id, struct slice value);

/* "C:\Windows\a.exe" -> executable and name; fields of the process or of its parent. */
void winlog_put_executable(
	struct winlog *winlog, enum field_id executable, enum field_id name, struct slice path);

/* file.path, .name, .directory, .extension */
void winlog_put_file(struct winlog *winlog, struct slice path);

/* registry.path, .hive, .key, .value; "HKLM\\System\\x", "\\REGISTRY\\MACHINE\\System\\x" */
void winlog_put_registry(struct winlog *winlog, struct slice path);

/* Digits of the base 16, without "0x", at most 16 of them. */
MUST_USE bool winlog_read_hex(struct slice text, uint64_t *value);

/* "0x1a4", "420" -> a number. */
void winlog_put_id(struct winlog *winlog, enum field_id id, struct slice number);

/* The command line, and the arguments in it as CommandLineToArgvW() cuts them. */
void winlog_put_command(
	struct winlog *winlog, enum field_id line, enum field_id arguments, struct slice text);

/* What a service runs: process.executable, without its arguments, and the command line. */
void winlog_put_image_path(struct winlog *winlog, struct slice text);

/* "DOMAIN\user"; a text without a domain is a name. */
void winlog_put_account(struct winlog *winlog, struct slice account);

#endif
