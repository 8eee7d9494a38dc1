#include "collector/derive/machines.h"

#include "collector/derive/malware.h"
#include "common/clock.h"
#include "common/netaddr.h"
#include "common/utf8.h"

static struct slice text_of(const struct record *record, enum field_id id)
{
	struct slice value = record_get(record, id);

	return slice_absent(value) ? SLICE_LIT("") : utf8_head(value, MALWARE_NAME_MAX);
}

static void take_address(struct machine *machine, struct slice text)
{
	struct netaddr address;

	if (!netaddr_parse(text, &address))
		return;
	if (machine->address.len == 0)
		machine->address = text;
	if (machine->public.len == 0 && netaddr_scope(&address) == NETADDR_GLOBAL)
		machine->public = text;
}

struct machine machine_of(const struct record *record)
{
	struct machine machine = {
		.name = text_of(record, FIELD_HOST_NAME),
		.address = SLICE_LIT(""),
		.public = SLICE_LIT(""),
	};

	if (machine.name.len == 0)
		machine.name = text_of(record, FIELD_HOST_HOSTNAME);
	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id == FIELD_HOST_IP)
			take_address(&machine, field_value(&record->fields[i]));
	}
	return machine;
}

bool machines_wants(const struct columns *columns)
{
	return columns->kind == RECORD_INVENTORY && columns->host != 0 &&
	       !(columns->flags & RECORD_TEST);
}

/* In seconds since 1970; 0 = unknown. */
static int64_t updated(const struct record *record)
{
	struct slice text = record_get(record, FIELD_SOC_PACKAGES_UPDATED);
	size_t used;
	int64_t ns;

	if (slice_absent(text) || !clock_parse_iso(text, 0, &ns, &used) || used != text.len)
		return 0;
	return ns / CLOCK_NS_PER_S;
}

bool machines_record(struct database *database, const struct store_block *block, unsigned i,
	const struct record *record, struct err *err)
{
	const struct columns *columns = &block->columns[i];
	struct machine machine = machine_of(record);

	return database_run(database, err, STATEMENT_MACHINE_SET, "iiittti",
		(int64_t)block->streams[columns->stream].agency, (int64_t)columns->host,
		columns->received_ns / CLOCK_NS_PER_S, machine.name, machine.address,
		machine.public, updated(record));
}
