#include "collector/normalize/families/database.h"

const struct meaning database_noted = {
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};
const struct meaning database_error = {
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
	.type2 = {ECS_ERROR},
};
const struct meaning database_connected = {
	.action = {SLICE_BYTES("database_connection")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};
const struct meaning database_let_in = {
	.action = {SLICE_BYTES("database_login")},
	.category = {ECS_DATABASE},
	.category2 = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_SUCCESS},
};
const struct meaning database_refused = {
	.action = {SLICE_BYTES("database_login")},
	.category = {ECS_DATABASE},
	.category2 = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};
