#include "agent/input.h"
#include "agent/inputs/file_tail.h"
#include "agent/inputs/inventory.h"
#include "agent/inputs/journal.h"
#include "agent/inputs/syslog_socket.h"
#include "agent/inputs/yara.h"

const struct input *const inputs[] = {
	&file_input,
	&journal_input,
	&syslog_input,
	&yara_input,
	&inventory_input,
	NULL,
};
