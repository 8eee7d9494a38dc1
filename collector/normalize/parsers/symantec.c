/*
 * symantec - Symantec Endpoint Protection Manager's external logging, by syslog or as a dump
 *file
 *
 *	Virus found,IP Address: 192.0.2.1,Computer name: WS-1,Source: Auto-Protect scan,Risk
 *name: EICAR Test String,Occurrences: 1,File path: C:\a, b.exe,Description: ,Actual action:
 *Cleaned by deletion,Requested action: Cleaned,...,Group Name: My Company\x,...,User Name:
 *an,...
 *
 * A path may hold commas: it ends at the last ",Actual action: ". Before version 14.2 it stands
 * behind the number of occurrences without a name, and so does the description.
 */
#include "collector/normalize/families/antivirus.h"

static const struct slice behind_path = {SLICE_BYTES(",Actual action: ")};

static const struct slice titles[] = {
	{SLICE_BYTES("Virus found")},
	{SLICE_BYTES("Security risk found")},
	{SLICE_BYTES("Potential risk found")},
	{SLICE_BYTES("Compressed File")},
	{SLICE_BYTES("Scan ID")},
	{SLICE_BYTES("Virus definitions updated")},
};

/* "2024-05-16 11:26:32,", "Site A," may stand before. */
static bool take_title(struct slice *rest, struct slice *title)
{
	struct slice at = *rest, skipped;

	for (unsigned words = 0; words < 3; words++) {
		for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
			if (slice_starts(at, titles[i])) {
				*title = titles[i];
				*rest = slice_from(at, titles[i].len);
				return true;
			}
		}
		if (!take_until(&at, ',', &skipped))
			return false;
		skip_blanks(&at);
	}
	return false;
}

static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice item;

	if (!slice_cut(rest, ',', &item))
		return false;
	size_t at = slice_search(item, SLICE_LIT(": "));
	*name = slice_trim(slice_head(item, at));
	*value = at < item.len ? slice_trim(slice_from(item, at + 2)) : SLICE_NONE;
	if (slice_absent(*value) && slice_ends(*name, SLICE_LIT(":")))
		name->len--;
	return true;
}

/* Up to the path, which is what is left. */
static void read_front(struct pairs *pairs, struct slice rest)
{
	const struct slice path_name = {SLICE_BYTES("File path")};
	struct slice name, value, before, description;

	while (!slice_absent(rest) && !skip_lit(&rest, "File path: ")) {
		if (!take_pair(&rest, &name, &value))
			break;
		pairs_add(pairs, name, value);
		if (slice_eq(name, SLICE_LIT("Occurrences")) && !slice_starts(rest, path_name))
			break;
	}
	if (cut_last(rest, SLICE_LIT(",Description:"), &before, &description) ||
		cut_last(rest, SLICE_LIT(","), &before, &description))
		rest = before;
	pairs_add(pairs, path_name, rest);
}

static void read_pairs(struct pairs *pairs, struct slice text)
{
	struct slice front, tail, name, value;

	pairs_reset(pairs, text, PAIRS_NOTHING);
	(void)skip_byte(&text, ',');
	if (!cut_last(text, behind_path, &front, &tail)) {
		front = SLICE_NONE;
		tail = text;
	} else {
		read_front(pairs, front);
		tail = slice_from(text, front.len + 1);
	}
	while (take_pair(&tail, &name, &value))
		pairs_add(pairs, name, value);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct antivirus_source source = {
		.vendor = SLICE_LIT("Symantec"), .product = SLICE_LIT("Endpoint Protection")};
	struct slice rest = slice_trim(context->message);

	if (!take_title(&rest, &source.title))
		return context->named || !slice_absent(context->program) ? PARSED_PARTLY
									 : PARSED_NOT_MINE;
	read_pairs(context->pairs, rest);
	put(record, context, FIELD_OBSERVER_VENDOR, source.vendor);
	put(record, context, FIELD_OBSERVER_PRODUCT, source.product);
	if (!antivirus_put_pairs(record, context, &source))
		return PARSED_PARTLY;
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"SymantecServer", NULL};

const struct parser parser_symantec = {
	.number = 152,
	.name = "symantec",
	.module = "symantec",
	.summary = "Symantec Endpoint Protection: risks, scans and definitions",
	.source =
		"Broadcom, External Logging settings and log event severity levels for SEPM 14 "
		"(article 155205)",
	.programs = programs,
	.parse = parse,
};
