/* file_type - the external variable `filetype`: what the first bytes say a file is */
#ifndef AGENT_SCAN_FILE_TYPE_H
#define AGENT_SCAN_FILE_TYPE_H

#include "common/slice.h"

enum { FILE_TYPE_HEAD = 16 }; /* bytes that are looked at */

/* "EXE", "ELF", "PDF", ...; "" when unknown. */
const char *file_type(struct slice head);

#endif
