#include "agent/scan/file_type.h"

/* Names as public rule sets use them; signatures from the formats' own documents. */
static const struct {
	struct slice magic;
	const char *name;
} types[] = {
	{{SLICE_BYTES("MZ")}, "EXE"},
	{{SLICE_BYTES("\177ELF")}, "ELF"},
	{{SLICE_BYTES("%PDF-")}, "PDF"},
	{{SLICE_BYTES("PK\003\004")}, "ZIP"},
	{{SLICE_BYTES("Rar!\032\007")}, "RAR"},
	{{SLICE_BYTES("7z\274\257\047\034")}, "7ZIP"},
	{{SLICE_BYTES("\037\213")}, "GZIP"},
	{{SLICE_BYTES("BZh")}, "BZIP2"},
	{{SLICE_BYTES("\3757zXZ\0")}, "XZ"},
	{{SLICE_BYTES("MSCF")}, "CAB"},
	{{SLICE_BYTES("\320\317\021\340\241\261\032\341")}, "OLE"},
	{{SLICE_BYTES("{\\rtf")}, "RTF"},
	{{SLICE_BYTES("\312\376\272\276")}, "CLASS"},
	{{SLICE_BYTES("L\0\0\0\001\024\002\0")}, "LNK"},
	{{SLICE_BYTES("GIF8")}, "GIF"},
	{{SLICE_BYTES("\211PNG\r\n")}, "PNG"},
	{{SLICE_BYTES("\377\330\377")}, "JPG"},
	{{SLICE_BYTES("#!")}, "SCRIPT"},
};

const char *file_type(struct slice head)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (slice_starts(head, types[i].magic))
			return types[i].name;
	}
	return "";
}
