#include "common/varint.h"

uint64_t varint_read_long(struct varint_reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		uint64_t byte = (unsigned char)*reader->at++;

		if (shift == 63 && byte > 1)
			break;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	reader->bad = true;
	reader->at = reader->end;
	return 0;
}
