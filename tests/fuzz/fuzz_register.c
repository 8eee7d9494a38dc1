/* The agency register: any bytes give a register that answers, or mistakes. */
#include <stdlib.h>

#include "collector/register/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(const struct agency_register *agencies)
{
	struct agencies_facts facts = {
		.host_name = SLICE_LIT("a.b"), .account = SLICE_LIT("x@y.z"), .n_addresses = 2};

	for (size_t i = 0; i < agencies_count(agencies); i++) {
		const struct agency *agency = agencies_at(agencies, i);
		struct agency_place place;

		if (agencies_find(agencies, agency->number) != agency ||
			!agencies_place(agencies, agency->number, 1, 0, &place) ||
			place.level < 1 || place.level > 5)
			abort();
		(void)agency_attributes_at(agency, 0);
		if (agencies_attribute(agencies, agency->number, 1, SLICE_LIT("s"), &facts, 0,
			    &place) == AGENCIES_ATTRIBUTED &&
			agencies_find(agencies, place.agency) == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20), warnings = STRBUF_INIT(1 << 20);
	struct agency_register *agencies =
		agencies_parse("f", slice_of(bytes, len), &mistakes, &warnings);

	if ((agencies == NULL) != (mistakes.len > 0))
		abort();
	if (agencies != NULL)
		ask(agencies);
	agencies_unref(agencies);
	strbuf_done(&mistakes);
	strbuf_done(&warnings);
	return 0;
}
