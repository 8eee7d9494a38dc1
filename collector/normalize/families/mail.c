#include "collector/normalize/families/mail.h"

#define LOGIN(result, name)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_AUTHENTICATION},               \
		.type = {ECS_START}, .outcome = {                                              \
			result                                                                 \
		}                                                                              \
	}

const struct meaning smtp_login = LOGIN(ECS_SUCCESS, "smtp_login");
const struct meaning smtp_login_failed = LOGIN(ECS_FAILURE, "smtp_login");
const struct meaning mailbox_login = LOGIN(ECS_SUCCESS, "mailbox_login");
const struct meaning mailbox_login_failed = LOGIN(ECS_FAILURE, "mailbox_login");

const struct meaning smtp_connection_lost = {
	.action = {SLICE_BYTES("smtp_connection_lost")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_END},
};

const struct meaning mail_received = MAIL("mail_received");
const struct meaning mail_rejected = MAIL_WITH(ECS_FAILURE, "mail_rejected");
const struct meaning mail_removed = MAIL("mail_removed");
const struct meaning mail_delivered = MAIL_WITH(ECS_SUCCESS, "mail_delivered");
const struct meaning mail_noted = MAIL("mail_noted");
