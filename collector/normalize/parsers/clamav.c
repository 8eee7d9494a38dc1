/*
 * clamav - clamd, clamscan, clamonacc, clamav-milter and freshclam
 *
 *	/home/an/a b.exe: Win.Trojan.Agent-1-0 FOUND
 *	Sat Mar  7 10:00:00 2026 -> /srv/x: Eicar-Signature(44d8...:68) FOUND
 *	instream(192.0.2.1@50000): Eicar-Signature FOUND
 *	/srv/x: Removed.
 *	/srv/x: moved to '/var/quarantine/x'
 *	Message 4B1C from <a@example.vn> to <b@example.vn> infected by Eicar-Signature
 *
 * Whoever stores a file chooses its name, so the signature is what stands behind the last ": ".
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/text/stamp.h"

static const struct slice found = {SLICE_BYTES(" FOUND")};
static const struct slice separator = {SLICE_BYTES(": ")};

static void put_observer(struct record *record, struct parse_context *context)
{
	put(record, context, FIELD_OBSERVER_VENDOR, SLICE_LIT("Cisco"));
	put(record, context, FIELD_OBSERVER_PRODUCT, SLICE_LIT("ClamAV"));
	put(record, context, FIELD_OBSERVER_TYPE, SLICE_LIT("antivirus"));
}

static enum parse_result say(
	struct record *record, struct parse_context *context, const struct antivirus *said)
{
	put_observer(record, context);
	antivirus_put(record, context, said);
	return PARSED;
}

/* ---- detections ------------------------------------------------------------------------ */

/* "Name(hash:size)": the hash is of the file. */
static void put_file_hash(
	struct record *record, struct parse_context *context, struct slice signature)
{
	struct slice name, hash;

	if (cut_last(signature, SLICE_LIT("("), &name, &hash))
		put_hash(record, context, slice_head(hash, slice_find(hash, ':')));
}

/* "instream(192.0.2.1@50000)", "instream(local)" */
static bool take_stream(
	struct record *record, struct parse_context *context, struct slice object)
{
	struct slice address;

	if (!skip_lit(&object, "instream(") && !skip_lit(&object, "stream("))
		return false;
	address = slice_head(object, slice_find(object, '@'));
	if (address.len < object.len)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
	return true;
}

static bool is_signature(struct slice text)
{
	return text.len > 0 && slice_find(text, ' ') == text.len;
}

static enum parse_result read_found(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct antivirus said = {.kind = ANTIVIRUS_DETECTED};
	struct slice object;

	text = slice_head(text, text.len - found.len);
	if (!cut_last(text, separator, &object, &said.name) || !is_signature(said.name) ||
		object.len == 0)
		return PARSED_NOT_MINE;
	if (!take_stream(record, context, object))
		said.path = object;
	put_file_hash(record, context, said.name);
	return say(record, context, &said);
}

/* What clamscan did with a file; which malware was in it is in the line before. */
static enum parse_result read_done(
	struct record *record, struct parse_context *context, struct slice text)
{
	static const struct {
		struct slice words;
		enum antivirus_state state;
	} ends[] = {
		{{SLICE_BYTES("Removed.")}, ANTIVIRUS_DELETED},
		{{SLICE_BYTES("moved to '")}, ANTIVIRUS_QUARANTINED},
		{{SLICE_BYTES("Can't remove.")}, ANTIVIRUS_ACTIVE},
	};
	struct slice object, words;

	if (!cut_last(text, separator, &object, &words) || object.len == 0 ||
		object.ptr[0] != '/')
		return PARSED_NOT_MINE;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (slice_starts(words, ends[i].words))
			return say(record, context,
				&(struct antivirus){.kind = ANTIVIRUS_OUTCOME,
					.state = ends[i].state,
					.path = object,
					.remedy = words});
	}
	return PARSED_NOT_MINE;
}

/* ---- mail ----------------------------------------------------------------------------------
 */

/* "Message 4B1C from <a> to <b> infected by Name"; the addresses are the sender's choice. */
static enum parse_result read_milter(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct antivirus said = {.kind = ANTIVIRUS_DETECTED};
	struct slice before, id, from, to;

	if (!cut_last(text, SLICE_LIT(" infected by "), &before, &said.name) ||
		!is_signature(said.name))
		return PARSED_NOT_MINE;
	id = take_word(&before);
	if (!slice_eq(id, SLICE_LIT("from"))) {
		put_some(record, context, FIELD_EMAIL_LOCAL_ID, id);
		skip_blanks(&before);
		(void)take_word(&before);
	}
	skip_blanks(&before);
	from = take_word(&before);
	if (skip_lit(&before, " to ")) {
		to = take_word(&before);
		put_some(record, context, FIELD_EMAIL_FROM_ADDRESS, without_brackets(from));
		put_some(record, context, FIELD_EMAIL_TO_ADDRESS, without_brackets(to));
	}
	return say(record, context, &said);
}

/* ---- what is no detection
 * -------------------------------------------------------------------- */

static const struct {
	struct slice text; /* somewhere in the message */
	enum antivirus_kind kind;
} signs[] = {
	{{SLICE_BYTES("ClamAV installation is OUTDATED")}, ANTIVIRUS_OUTDATED},
	{{SLICE_BYTES("virus database is older than 7 days")}, ANTIVIRUS_OUTDATED},
	{{SLICE_BYTES("Database correctly reloaded")}, ANTIVIRUS_UPDATED},
	{{SLICE_BYTES("database available for update")}, ANTIVIRUS_TOLD},
	{{SLICE_BYTES(" updated (version: ")}, ANTIVIRUS_UPDATED},
	{{SLICE_BYTES("is up-to-date (version: ")}, ANTIVIRUS_TOLD},
	{{SLICE_BYTES("is up to date (version: ")}, ANTIVIRUS_TOLD},
	{{SLICE_BYTES("Database updated (")}, ANTIVIRUS_UPDATED},
	{{SLICE_BYTES("Update failed")}, ANTIVIRUS_UPDATE_FAILED},
	{{SLICE_BYTES("Can't download ")}, ANTIVIRUS_UPDATE_FAILED},
	{{SLICE_BYTES("SelfCheck: ")}, ANTIVIRUS_TOLD},
	{{SLICE_BYTES("ClamAV update process started at ")}, ANTIVIRUS_TOLD},
	{{SLICE_BYTES("-- SCAN SUMMARY --")}, ANTIVIRUS_SCAN_ENDED},
	{{SLICE_BYTES("+++ Started at ")}, ANTIVIRUS_TOLD},
	{{SLICE_BYTES("clamd daemon ")}, ANTIVIRUS_TOLD},
};

static enum parse_result read_sign(
	struct record *record, struct parse_context *context, struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		if (slice_search(text, signs[i].text) < text.len)
			return say(record, context, &(struct antivirus){.kind = signs[i].kind});
	}
	return PARSED_NOT_MINE;
}

/* ---- the line
 * -------------------------------------------------------------------------------- */

/* "Sat Mar  7 10:00:00 2026 -> " of LogTime */
static struct slice without_stamp(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice rest = text;
	int64_t ns;

	if (text.len == 0 || text.ptr[0] == '/' || !take_stamp_any(&rest, context, &ns) ||
		!skip_lit(&rest, " -> "))
		return text;
	record->created_ns = ns;
	put_over(record, context, FIELD_MESSAGE, rest);
	return rest;
}

/* Of a line that nobody says is ClamAV's: a detection, or a line with ClamAV's stamp. */
static bool can_be_ours(struct slice line)
{
	const size_t stamp_max = 40;
	struct slice head = slice_head(line, line.len < stamp_max ? line.len : stamp_max);

	return slice_ends(line, found) || slice_search(head, SLICE_LIT(" -> ")) < head.len;
}

static enum parse_result read_text(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice rest = text;
	enum parse_result result;

	if (slice_ends(text, found))
		return read_found(record, context, text);
	if (skip_lit(&rest, "Message "))
		return read_milter(record, context, rest);
	result = read_done(record, context, text);
	return result == PARSED_NOT_MINE ? read_sign(record, context, text) : result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice line = slice_trim(context->message), text;
	bool is_known = context->named || !slice_absent(context->program);
	enum parse_result result;

	if (!is_known && !can_be_ours(line))
		return PARSED_NOT_MINE;
	text = without_stamp(record, context, line);
	if (!is_known && text.ptr == line.ptr && line.ptr[0] != '/')
		return PARSED_NOT_MINE;
	result = read_text(record, context, text);
	if (result == PARSED_NOT_MINE && (is_known || text.ptr != line.ptr))
		result = PARSED_PARTLY;
	if (result != PARSED_NOT_MINE)
		context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {
	"clamd", "clamscan", "clamdscan", "clamonacc", "clamav-milter", "freshclam", NULL};

const struct parser parser_clamav = {
	.number = 151,
	.roles = PARSER_ENVELOPE,
	.name = "clamav",
	.module = "clamav",
	.summary = "ClamAV: clamd, clamscan, clamonacc, clamav-milter, freshclam",
	.source = "ClamAV 1.4: clamd.conf(5), clamscan(1), clamd/scanner.c, "
		  "clamav-milter.conf(5)",
	.programs = programs,
	.first_bytes = "/SMTWF",
	.parse = parse,
};
