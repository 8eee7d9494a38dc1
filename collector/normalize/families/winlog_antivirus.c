/*
 * What antivirus products write into the log of applications: one text for people, whose words
 * are the product's.
 *
 *	Security Risk Found!EICAR Test String in File: C:\a.com by: Auto-Protect scan.  Action:
 *	Quarantine succeeded.                                     Symantec, "Event IDs"
 *	The file C:\a.com contains EICAR test file Test. ...      McAfee, VirusScan Enterprise
 *	File "C:\a.com" belongs to virus/spyware 'EICAR-AV-Test'. Sophos Anti-Virus
 *	Virus/Malware: Eicar  Computer: WS  File: C:\a.com  ...   Trend Micro OfficeScan
 *	Event type: Malicious object detected<line end>Name: ...  Kaspersky Endpoint Security
 *
 * A stranger chooses the file's name: what stands behind it is looked for from the end.
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/families/winlog.h"

/* A value, between two texts; an empty end is that of the line. */
struct place {
	struct slice start, end;
};

#define PLACE(a, b)                                                                            \
	{                                                                                      \
		{SLICE_BYTES(a)},                                                              \
		{                                                                              \
			SLICE_BYTES(b)                                                         \
		}                                                                              \
	}

static const struct product {
	struct slice provider, vendor, product;
	struct slice mark; /* stands in texts of detections alone */
	struct place name, path, remedy, user, host;
} products[] = {
	{{SLICE_BYTES("Symantec AntiVirus")}, {SLICE_BYTES("Symantec")},
		{SLICE_BYTES("Endpoint Protection")}, {SLICE_BYTES(" Found!")},
		.name = PLACE(" Found!", " in File: "), .path = PLACE(" in File: ", " by: "),
		.remedy = PLACE(" Action: ", ".  Action Description: ")},
	{{SLICE_BYTES("McLogEvent")}, {SLICE_BYTES("McAfee")},
		{SLICE_BYTES("VirusScan Enterprise")}, {SLICE_BYTES(" contains ")},
		.name = PLACE(" contains ", ". "), .path = PLACE("The file ", " contains "),
		.remedy = PLACE(". ", "")},
	{{SLICE_BYTES("Sophos Anti-Virus")}, {SLICE_BYTES("Sophos")},
		{SLICE_BYTES("Anti-Virus")}, {SLICE_BYTES(" belongs to virus/spyware '")},
		.name = PLACE(" belongs to virus/spyware '", "'"),
		.path = PLACE("File \"", "\" belongs to ")},
	{{SLICE_BYTES("Trend Micro OfficeScan")}, {SLICE_BYTES("Trend Micro")},
		{SLICE_BYTES("OfficeScan")}, {SLICE_BYTES("Virus/Malware: ")},
		.name = PLACE("Virus/Malware: ", " Computer: "),
		.host = PLACE(" Computer: ", " Domain: "),
		.path = PLACE(" File: ", " Date/Time: "), .remedy = PLACE(" Result: ", "")},
	{{SLICE_BYTES("Kaspersky")}, {SLICE_BYTES("Kaspersky")},
		{SLICE_BYTES("Endpoint Security")}, {SLICE_BYTES(" object detected")},
		.name = PLACE("\nName: ", "\n"), .path = PLACE("\nObject: ", "\n"),
		.remedy = PLACE("\nResult description: ", "\n"),
		.user = PLACE("\nUser: ", "\n")},
	{{SLICE_BYTES("klnagent")}, {SLICE_BYTES("Kaspersky")},
		{SLICE_BYTES("Security Center")}, {SLICE_BYTES(" object detected")},
		.name = PLACE("\nName: ", "\n"), .path = PLACE("\nObject: ", "\n"),
		.remedy = PLACE("\nResult description: ", "\n"),
		.user = PLACE("\nUser: ", "\n")},
};

/* Behind the first start, up to the last end. */
static struct slice value_at(struct slice text, const struct place *place)
{
	struct slice rest = slice_from(text, slice_search(text, place->start)), before, after;

	if (slice_absent(place->start) || !skip_text(&rest, place->start))
		return SLICE_NONE;
	if (slice_eq(place->end, SLICE_LIT("\n")) || place->end.len == 0)
		rest = slice_head(rest, slice_find(rest, '\n'));
	else if (slice_eq(place->end, SLICE_LIT(". ")) || slice_eq(place->end, SLICE_LIT("'")))
		rest = slice_head(rest, slice_search(rest, place->end));
	else if (cut_last(rest, place->end, &before, &after))
		rest = before;
	while (rest.len > 0 && rest.ptr[rest.len - 1] == '\r')
		rest.len--;
	return slice_trim(rest);
}

static const struct product *find_product(struct slice provider)
{
	for (size_t i = 0; i < ARRAY_LEN(products); i++) {
		if (slice_starts(provider, products[i].provider))
			return &products[i];
	}
	return NULL;
}

static struct slice without_remark(struct slice user)
{
	return slice_head(user, slice_search(user, SLICE_LIT(" (")));
}

bool winlog_put_antivirus(struct winlog *winlog)
{
	const struct product *product = find_product(winlog->provider);
	struct slice text = winlog_value(winlog, SLICE_LIT("param1"));

	if (product == NULL)
		return false;
	if (slice_absent(text))
		text = winlog_value(winlog, SLICE_LIT("Data"));
	if (slice_absent(text))
		text = winlog->message;
	if (slice_search(text, product->mark) == text.len)
		return false;
	const struct antivirus said = {
		.kind = ANTIVIRUS_DETECTED,
		.name = value_at(text, &product->name),
		.path = value_at(text, &product->path),
		.remedy = value_at(text, &product->remedy),
		.state = antivirus_state_of(value_at(text, &product->remedy)),
		.user = without_remark(value_at(text, &product->user)),
		.host = value_at(text, &product->host),
	};
	if (slice_absent(said.name))
		return false;
	put(winlog->record, winlog->context, FIELD_OBSERVER_VENDOR, product->vendor);
	put(winlog->record, winlog->context, FIELD_OBSERVER_PRODUCT, product->product);
	antivirus_put(winlog->record, winlog->context, &said);
	return true;
}
