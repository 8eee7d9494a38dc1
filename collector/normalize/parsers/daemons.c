/*
 * daemons - what the ordinary programs of a Linux server say: network, time, disks, messages
 *
 * Each program has its sentences; one that says something else is left to the parsers that read
 * any program's message.
 */
#include "collector/normalize/sentence.h"

#define IS(name, what, how)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {what}, .type = { how }             \
	}
#define WENT(name, what, how, result)                                                          \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {what}, .type = {how}, .outcome = { \
			result                                                                 \
		}                                                                              \
	}

/* ---- what is said, whoever says it ------------------------------------------------------- */

static const struct meaning started = IS("service_started", ECS_PROCESS, ECS_START);
static const struct meaning stopped = IS("service_stopped", ECS_PROCESS, ECS_END);
static const struct meaning noted = IS("service_notice", ECS_PROCESS, ECS_INFO);
static const struct meaning reloaded = IS("service_reloaded", ECS_CONFIGURATION, ECS_CHANGE);
static const struct meaning failed = WENT("service_failed", ECS_PROCESS, ECS_INFO, ECS_FAILURE);
static const struct meaning crashed = IS("program_crashed", ECS_PROCESS, ECS_END);

static const struct meaning asked = IS("dhcp_request", ECS_NETWORK, ECS_PROTOCOL);
static const struct meaning offered = IS("dhcp_offer", ECS_NETWORK, ECS_PROTOCOL);
static const struct meaning leased = IS("dhcp_lease", ECS_NETWORK, ECS_PROTOCOL);
static const struct meaning released = IS("dhcp_release", ECS_NETWORK, ECS_PROTOCOL);
static const struct meaning unleased =
	WENT("dhcp_no_lease", ECS_NETWORK, ECS_PROTOCOL, ECS_FAILURE);
static const struct meaning link_up = IS("link_up", ECS_HOST, ECS_CHANGE);
static const struct meaning link_down = IS("link_down", ECS_HOST, ECS_CHANGE);
static const struct meaning address_set = IS("address_assigned", ECS_HOST, ECS_CHANGE);
static const struct meaning network_noted = IS("network_notice", ECS_HOST, ECS_INFO);
static const struct meaning resolving = IS("resolver_notice", ECS_NETWORK, ECS_INFO);
static const struct meaning connected = IS("connection", ECS_NETWORK, ECS_CONNECTION);
static const struct meaning refused =
	WENT("connection_refused", ECS_NETWORK, ECS_DENIED, ECS_FAILURE);

static const struct meaning clock_synchronized = IS("clock_synchronized", ECS_HOST, ECS_INFO);
static const struct meaning clock_lost =
	WENT("clock_unsynchronized", ECS_HOST, ECS_INFO, ECS_FAILURE);
static const struct meaning clock_stepped = IS("time_changed", ECS_HOST, ECS_CHANGE);
static const struct meaning clock_noted = IS("clock_notice", ECS_HOST, ECS_INFO);

static const struct meaning disk_failing =
	WENT("disk_failing", ECS_HOST, ECS_INFO, ECS_FAILURE);
static const struct meaning disk_noted = IS("disk_notice", ECS_HOST, ECS_INFO);
static const struct meaning messages_lost =
	WENT("log_messages_lost", ECS_HOST, ECS_INFO, ECS_FAILURE);
static const struct meaning log_noted = IS("log_notice", ECS_HOST, ECS_INFO);
static const struct meaning logs_rotated = IS("logs_rotated", ECS_FILE, ECS_CHANGE);
static const struct meaning logs_unrotated =
	WENT("logs_rotated", ECS_FILE, ECS_CHANGE, ECS_FAILURE);

static const struct meaning activated = IS("bus_service_activated", ECS_PROCESS, ECS_START);
static const struct meaning bus_refused =
	WENT("bus_message_refused", ECS_PROCESS, ECS_ACCESS, ECS_FAILURE);
static const struct meaning agent_registered =
	IS("authentication_agent_registered", ECS_AUTHENTICATION, ECS_INFO);
static const struct meaning authorized =
	WENT("privilege_granted", ECS_AUTHENTICATION, ECS_INFO, ECS_SUCCESS);
static const struct meaning unauthorized =
	WENT("privilege_refused", ECS_AUTHENTICATION, ECS_INFO, ECS_FAILURE);
static const struct meaning ran = WENT("pkexec", ECS_PROCESS, ECS_START, ECS_SUCCESS);
static const struct meaning ran_not = WENT("pkexec", ECS_PROCESS, ECS_START, ECS_FAILURE);
static const struct meaning selinux_denied =
	WENT("violated-selinux-policy", ECS_PROCESS, ECS_ACCESS, ECS_FAILURE);
static const struct meaning mounted = WENT("nfs_mount", ECS_NETWORK, ECS_ACCESS, ECS_SUCCESS);
static const struct meaning mounted_not =
	WENT("nfs_mount", ECS_NETWORK, ECS_DENIED, ECS_FAILURE);
static const struct meaning snap_changed = IS("package_changed", ECS_PACKAGE, ECS_CHANGE);
static const struct meaning module_loaded = IS("module_loaded", ECS_DRIVER, ECS_START);

/* ---- programs ---------------------------------------------------------------------------- */

/* ISC DHCP 4.1 to 4.4: client/dhclient.c, client/dhc6.c */
static const struct sentence of_dhclient[] = {
	{SAY("DHCPDISCOVER on <interface> to <server.ip> port"), &asked},
	{SAY("DHCPREQUEST for <client.ip> on <interface> to <server.ip> port"), &asked},
	{SAY("DHCPREQUEST of <client.ip> on <interface> to <server.ip> port"), &asked},
	{SAY("DHCPREQUEST on <interface> to <server.ip> port"), &asked},
	{SAY("DHCPOFFER of <client.ip> from <server.ip>"), &offered},
	{SAY("DHCPOFFER from <server.ip>"), &offered},
	{SAY("DHCPACK of <client.ip> from <server.ip>"), &leased},
	{SAY("DHCPACK from <server.ip>"), &leased},
	{SAY("bound to <client.ip> -- renewal in"), &leased},
	{SAY("DHCPNAK from <server.ip>"), &unleased},
	{SAY("No DHCPOFFERS received"), &unleased},
	{SAY("No working leases in persistent database"), &unleased},
	{SAY("DHCPRELEASE of <client.ip> on <interface> to <server.ip> port"), &released},
	{SAY("DHCPRELEASE on <interface> to <server.ip> port"), &released},
	{SAY("XMT: <message> on <interface>,"), &asked},
	{SAY("RCV: <message> message on <interface> from <server.ip>"), &offered},
	{SAY("Internet Systems Consortium DHCP Client <version>"), &started},
	{SAY("Listening on LPF/"), &noted},
	{SAY("Sending on   "), &noted},
	{SAY("Killed old client process"), &noted},
};
/* ISC DHCP 4.1 to 4.4: server/dhcp.c */
static const struct sentence of_dhcpd[] = {
	{SAY("DHCPDISCOVER from <source.mac> <*>via <interface>"), &asked},
	{SAY("DHCPREQUEST for <client.ip> <*>from <source.mac> <*>via <interface>"), &asked},
	{SAY("DHCPOFFER on <client.ip> to <source.mac> <*>via <interface>"), &offered},
	{SAY("DHCPACK on <client.ip> to <source.mac> <*>via <interface>"), &leased},
	{SAY("DHCPACK to <client.ip> (<source.mac>) via <interface>"), &leased},
	{SAY("DHCPNAK on <client.ip> to <source.mac> via <interface>"), &unleased},
	{SAY("DHCPINFORM from <client.ip> via <interface>"), &asked},
	{SAY("DHCPRELEASE of <client.ip> from <source.mac> <*>via <interface>"), &released},
	{SAY("DHCPDECLINE of <client.ip> from <source.mac> <*>via <interface>"), &unleased},
	{SAY("reuse_lease: lease age"), &noted},
	{SAY("Wrote <n> "), &noted},
	{SAY("Internet Systems Consortium DHCP Server <version>"), &started},
};
/* systemd 219 to 257: src/network/networkd-*.c */
static const struct sentence of_networkd[] = {
	{SAY("<interface>: Link UP"), &link_up},
	{SAY("<interface>: Link DOWN"), &link_down},
	{SAY("<interface>: Gained carrier"), &link_up},
	{SAY("<interface>: Lost carrier"), &link_down},
	{SAY("<interface>: DHCPv4 address <client.ip>/<>, gateway <> acquired from "
	     "<server.ip>"),
		&leased},
	{SAY("<interface>: DHCPv4 address <client.ip>/<> via <server.ip>"), &leased},
	{SAY("<interface>: DHCPv4 address <client.ip>/<> acquired from <server.ip>"), &leased},
	{SAY("<interface>: DHCP lease lost"), &unleased},
	{SAY("<interface>: Gained IPv6LL"), &address_set},
	{SAY("<interface>: Configured"), &network_noted},
	{SAY("<interface>: Configuring with <file.path*>"), &network_noted},
	{SAY("<interface>: Reconfiguring with <file.path*>"), &network_noted},
	{SAY("<interface>: Interface name change detected"), &network_noted},
	{SAY("<interface>: netdev ready"), &network_noted},
	{SAY("Enumeration completed"), &network_noted},
};
/* NetworkManager 1.0 to 1.50, behind "<info>  [1772852400.1234] " */
static const struct sentence of_network_manager[] = {
	{SAY("device (<interface>): state change: <from> -> <to> (reason '<event.reason>'"),
		&network_noted},
	{SAY("device (<interface>): carrier: link connected"), &link_up},
	{SAY("device (<interface>): link disconnected"), &link_down},
	{SAY("device (<interface>): Activation: successful"), &link_up},
	{SAY("dhcp4 (<interface>): state changed <*>address=<client.ip>"), &leased},
	{SAY("dhcp4 (<interface>):   address <client.ip>"), &leased},
	{SAY("dhcp4 (<interface>): "), &network_noted},
	{SAY("dhcp6 (<interface>): "), &network_noted},
	{SAY("device (<interface>): "), &network_noted},
	{SAY("manager: (<interface>): "), &network_noted},
	{SAY("manager: NetworkManager state is now <state>"), &network_noted},
	{SAY("policy: set '<connection*>' (<interface>) as default for"), &network_noted},
	{SAY("policy: "), &network_noted},
	{SAY("manager: "), &network_noted},
	{SAY("settings: "), &network_noted},
	{SAY("audit: op=\"<op>\""), &reloaded},
	{SAY("NetworkManager (version <version>) is starting"), &started},
	{SAY("caught SIGTERM, shutting down"), &stopped},
};
/* systemd: src/resolve */
static const struct sentence of_resolved[] = {
	{SAY("Using degraded feature set <*> for DNS server <server.ip>"), &resolving},
	{SAY("Using degraded feature set (<>) for DNS server <server.ip>"), &resolving},
	{SAY("Server returned error <dns.response_code>, mitigating"), &resolving},
	{SAY("Grace period over, resuming full feature set"), &resolving},
	{SAY("DNSSEC validation failed for question <dns.question.name> "), &resolving},
	{SAY("Clock change detected. Flushing caches"), &resolving},
	{SAY("Flushed all caches"), &resolving},
	{SAY("Positive Trust Anchor"), &resolving},
	{SAY("Negative trust anchors"), &resolving},
	{SAY("Using system hostname '<host.name>'"), &resolving},
	{SAY("Switching to DNS server <server.ip>"), &resolving},
};
/* systemd: src/timesync */
static const struct sentence of_timesyncd[] = {
	{SAY("Synchronized to time server <server.ip>:<server.port> (<server.address>)"),
		&clock_synchronized},
	{SAY("Synchronized to time server for the first time <server.ip>:<server.port> "
	     "(<server.address>)"),
		&clock_synchronized},
	{SAY("Contacted time server <server.ip>:<server.port> (<server.address>)"),
		&clock_synchronized},
	{SAY("Initial clock synchronization to"), &clock_synchronized},
	{SAY("Initial synchronization to time server <server.ip>:<server.port> "
	     "(<server.address>)"),
		&clock_synchronized},
	{SAY("Timed out waiting for reply from <server.ip>:<server.port> (<server.address>)"),
		&clock_lost},
	{SAY("Network configuration changed, trying to establish connection"), &clock_noted},
	{SAY("No network connectivity, watching for changes"), &clock_noted},
	{SAY("System clock time unset or jumped backwards"), &clock_stepped},
};
/* chrony 2.1 to 4.6: sources.c, reference.c, main.c */
static const struct sentence of_chronyd[] = {
	{SAY("Selected source <server.ip>"), &clock_synchronized},
	{SAY("Can't synchronise: "), &clock_lost},
	{SAY("Source <server.ip> offline"), &clock_lost},
	{SAY("Source <server.ip> online"), &clock_noted},
	{SAY("Source <server.ip> replaced with"), &clock_noted},
	{SAY("Detected falseticker <server.ip>"), &clock_lost},
	{SAY("System clock was stepped by <offset>"), &clock_stepped},
	{SAY("System clock wrong by <offset>"), &clock_stepped},
	{SAY("System clock TAI offset set to"), &clock_noted},
	{SAY("Forward time jump detected"), &clock_stepped},
	{SAY("Backward time jump detected"), &clock_stepped},
	{SAY("Frequency <frequency>"), &clock_noted},
	{SAY("chronyd version <version> starting"), &started},
	{SAY("chronyd exiting"), &stopped},
	{SAY("Could not open "), &failed},
	{SAY("Loaded seccomp filter"), &noted},
	{SAY("Using right/UTC timezone"), &noted},
};
/* ntp 4.2, ntpsec 1.x */
static const struct sentence of_ntpd[] = {
	{SAY("ntpd <version>: Starting"), &started},
	{SAY("ntpd ntpsec-<version>: Starting"), &started},
	{SAY("ntpd exiting on signal"), &stopped},
	{SAY("synchronized to <server.ip>, stratum"), &clock_synchronized},
	{SAY("Soliciting pool server <server.ip>"), &clock_noted},
	{SAY("DNS: "), &clock_noted},
	{SAY("time reset <offset>"), &clock_stepped},
	{SAY("no servers reachable"), &clock_lost},
	{SAY("kernel reports TIME_ERROR"), &clock_lost},
	{SAY("kernel reports PLL disabled"), &clock_noted},
	{SAY("Listen normally on <> <interface> <server.ip>:"), &noted},
	{SAY("Listen normally on "), &noted},
	{SAY("Listen and drop on "), &noted},
	{SAY("Listening on routing socket"), &noted},
	{SAY("Deleting interface #"), &noted},
	{SAY("leapsecond file"), &clock_noted},
	{SAY("proto: precision = "), &clock_noted},
};
/* smartmontools 5.40 to 7.4: smartd.cpp */
static const struct sentence of_smartd[] = {
	{SAY("Device: <file.device> [<>], SMART Usage Attribute: <*>"), &disk_noted},
	{SAY("Device: <file.device> [<>], SMART Prefailure Attribute: <*>"), &disk_noted},
	{SAY("Device: <file.device> [<*>], <n> Currently unreadable (pending) sectors"),
		&disk_failing},
	{SAY("Device: <file.device>, <n> Currently unreadable (pending) sectors"),
		&disk_failing},
	{SAY("Device: <file.device> [<*>], <n> Offline uncorrectable sectors"), &disk_failing},
	{SAY("Device: <file.device>, <n> Offline uncorrectable sectors"), &disk_failing},
	{SAY("Device: <file.device*>, FAILED SMART self-check"), &disk_failing},
	{SAY("Device: <file.device*>, Failed SMART usage Attribute"), &disk_failing},
	{SAY("Device: <file.device*>, ATA error count increased"), &disk_failing},
	{SAY("Device: <file.device*>, Self-Test Log error count increased"), &disk_failing},
	{SAY("Device: <file.device*>, unable to open"), &disk_failing},
	{SAY("Device: "), &disk_noted},
	{SAY("Monitoring <n> "), &disk_noted},
	{SAY("smartd <version> "), &started},
	{SAY("smartd received signal "), &stopped},
	{SAY("smartd is exiting"), &stopped},
};
/* mdadm 3 and 4: Monitor.c */
static const struct sentence of_mdadm[] = {
	{SAY("Fail event detected on md device <file.device>, component device <component>"),
		&disk_failing},
	{SAY("Fail event detected on md device <file.device>"), &disk_failing},
	{SAY("FailSpare event detected on md device <file.device>"), &disk_failing},
	{SAY("DegradedArray event detected on md device <file.device>"), &disk_failing},
	{SAY("DeviceDisappeared event detected on md device <file.device>"), &disk_failing},
	{SAY("<event> event detected on md device <file.device>"), &disk_noted},
};
/* polkit 0.105 to 126 */
static const struct sentence of_polkit[] = {
	{SAY("Operator of <subject> successfully authenticated as "
	     "unix-user:<user.effective.name> "
	     "to gain <*>authorization for action <rule.name> for <> "
	     "[<process.command_line*>] (owned by unix-user:<user.name>)"),
		&authorized},
	{SAY("Operator of <subject> FAILED to authenticate to gain authorization for action "
	     "<rule.name> for <> [<process.command_line*>] (owned by unix-user:<user.name>)"),
		&unauthorized},
	{SAY("Operator of <subject> FAILED to authenticate"), &unauthorized},
	{SAY("Registered Authentication Agent for <subject> "), &agent_registered},
	{SAY("Unregistered Authentication Agent for <subject> "), &agent_registered},
	{SAY("registered Authentication Agent for <subject> "), &agent_registered},
	{SAY("unregistered Authentication Agent for <subject> "), &agent_registered},
	{SAY("Loading rules from directory <file.path>"), &noted},
	{SAY("Reloading rules"), &reloaded},
	{SAY("Finished loading, compiling and executing <n> rules"), &reloaded},
	{SAY("Collecting garbage unconditionally"), &noted},
	{SAY("Acquired the name "), &started},
	{SAY("started daemon version <version>"), &started},
};
static const struct sentence of_pkexec[] = {
	{SAY("<user.name>: Executing command [USER=<user.effective.name>] [TTY=<soc.tty>] "
	     "[CWD=<process.working_directory*>] [COMMAND=<process.command_line*>]"),
		&ran},
	{SAY("<user.name>: Error executing command as another user: <event.reason*> "
	     "[USER=<user.effective.name>] [TTY=<soc.tty>] [CWD=<process.working_directory*>] "
	     "[COMMAND=<process.command_line*>]"),
		&ran_not},
};
/* rsyslog 5 to 8.2402 */
static const struct sentence of_rsyslogd[] = {
	{SAY("[origin software=\"rsyslogd\" swVersion=\"<version>\" x-pid=\"<process.pid>\" "
	     "x-info=\"<>\"] start"),
		&started},
	{SAY("[origin software=\"rsyslogd\" swVersion=\"<version>\" x-pid=\"<process.pid>\" "
	     "x-info=\"<>\"] exiting on signal"),
		&stopped},
	{SAY("[origin software=\"rsyslogd\""), &log_noted},
	{SAY("action '<rule.name>' suspended"), &failed},
	{SAY("action '<rule.name>' resumed"), &noted},
	{SAY("imjournal: <n> messages lost due to rate-limiting"), &messages_lost},
	{SAY("imuxsock begins to drop messages from pid <process.pid>"), &messages_lost},
	{SAY("imuxsock lost <n> messages from pid <process.pid>"), &messages_lost},
	{SAY("<name> from <> begins to drop messages"), &messages_lost},
	{SAY("<n> messages lost due to rate-limiting"), &messages_lost},
	{SAY("-- MARK --"), &log_noted},
	{SAY("imuxsock: Acquired UNIX socket "), &log_noted},
	{SAY("imjournal: "), &log_noted},
	{SAY("rsyslogd's "), &log_noted},
	{SAY("cannot connect to <server.address>"), &failed},
};
/* systemd: src/journal */
static const struct sentence of_journald[] = {
	{SAY("Suppressed <n> messages from <service.name>"), &messages_lost},
	{SAY("Missed <n> kernel messages"), &messages_lost},
	{SAY("Forwarding to syslog missed <n> messages"), &messages_lost},
	{SAY("File <file.path> corrupted or uncleanly shut down"), &log_noted},
	{SAY("Journal started"), &started},
	{SAY("Journal stopped"), &stopped},
	{SAY("Runtime Journal "), &log_noted},
	{SAY("System Journal "), &log_noted},
	{SAY("Runtime journal "), &log_noted},
	{SAY("Permanent journal "), &log_noted},
	{SAY("Time spent on flushing to"), &log_noted},
	{SAY("Received client request to "), &log_noted},
	{SAY("Received SIGTERM from PID <process.pid>"), &stopped},
	{SAY("Vacuuming done, freed"), &log_noted},
};
/* dbus 1.8 to 1.16, dbus-broker */
static const struct sentence of_dbus[] = {
	{SAY("[<bus>] Activating via systemd: service name='<service.name>' unit='<unit>' "
	     "requested by '<>' (uid=<user.id> pid=<process.pid> "),
		&activated},
	{SAY("[<bus>] Activating service name='<service.name>' requested by '<>' "
	     "(uid=<user.id> pid=<process.pid> "),
		&activated},
	{SAY("[<bus>] Successfully activated service '<service.name>'"), &activated},
	{SAY("[<bus>] Failed to activate service '<service.name>': <event.reason*>"), &failed},
	{SAY("[<bus>] Rejected send message, "), &bus_refused},
	{SAY("[<bus>] Reloaded configuration"), &reloaded},
	{SAY("[<bus>] AppArmor D-Bus mediation is enabled"), &noted},
	{SAY("[<bus>] "), &noted},
	{SAY("Ready"), &started},
};
static const struct sentence of_logrotate[] = {
	{SAY("ALERT exited abnormally with"), &logs_unrotated},
	{SAY("error: <event.reason*>"), &logs_unrotated},
	{SAY("rotating pattern: <file.path>"), &logs_rotated},
};
/* anacron 2.3, cronie */
static const struct sentence of_anacron[] = {
	{SAY("Anacron <version> started on"), &started},
	{SAY("Normal exit ("), &stopped},
	{SAY("Received SIGUSR1"), &stopped},
	{SAY("Will run job `<process.command_line>' in"), &noted},
	{SAY("Jobs will be executed sequentially"), &noted},
	{SAY("Updated timestamp for job `<process.command_line>' to"), &noted},
	{SAY("Job `<process.command_line>' locked by another anacron"), &noted},
};
static const struct sentence of_cloud_init[] = {
	{SAY("Cloud-init v. <version> running '<stage>' at"), &started},
	{SAY("Cloud-init v. <version> finished at"), &stopped},
	{SAY("ci-info: "), &noted},
	{SAY("Generating public/private <> key pair"), &noted},
};
/* snapd 2.x: "daemon.go:247: started snapd/2.58 (series 16; classic) ubuntu/22.04" */
static const struct sentence of_snapd[] = {
	{SAY("<>.go:<>: started snapd/<version> "), &started},
	{SAY("<>.go:<>: gracefully waiting for running hooks"), &stopped},
	{SAY("<>.go:<>: Installed <package.name>"), &snap_changed},
	{SAY("<>.go:<>: "), &noted},
};
/* systemd: src/coredump, src/modules-load, src/udev, src/fsck, src/sysctl, src/tmpfiles */
static const struct sentence of_coredump[] = {
	{SAY("Process <process.pid> (<process.name*>) of user <user.id> dumped core"),
		&crashed},
	{SAY("Process <process.pid> (<process.name*>) of user <user.id> terminated abnormally"),
		&crashed},
};
static const struct sentence of_modules_load[] = {
	{SAY("Inserted module '<module>'"), &module_loaded},
	{SAY("Module '<module>' is built in"), &noted},
	{SAY("Failed to find module '<module>'"), &failed},
};
static const struct sentence of_apport[] = {
	{SAY("called for pid <process.pid>, signal"), &crashed},
	{SAY("executable: <process.executable*> (command line"), &crashed},
};
/* setroubleshoot 3 */
static const struct sentence of_setroubleshoot[] = {
	{SAY("SELinux is preventing <process.executable> from <*> access on the <file.type> "
	     "<file.path*>. For complete SELinux messages"),
		&selinux_denied},
	{SAY("SELinux is preventing <process.executable> from "), &selinux_denied},
};
/* net-snmp 5, rsync 3, nfs-utils 1 and 2, xinetd 2.3 */
static const struct sentence of_snmpd[] = {
	{SAY("Connection from UDP: [<source.ip>]:<source.port>->"), &connected},
	{SAY("Connection from UDP: [<source.ip>]:<source.port>"), &connected},
	{SAY("Connection from UDP: [<source.ip>]->"), &connected},
	{SAY("Received SNMP packet(s) from UDP: [<source.ip>]:<source.port>"), &connected},
	{SAY("Connection from TCP: [<source.ip>]:<source.port>"), &connected},
	{SAY("Authentication failed for <user.name*>"), &unauthorized},
	{SAY("NET-SNMP version <version>"), &started},
};
static const struct sentence of_rsyncd[] = {
	{SAY("connect from <source.domain> (<source.ip>)"), &connected},
	{SAY("rsync denied on module <module> from <source.domain> (<source.ip>)"), &refused},
	{SAY("auth failed on module <module> from <source.domain> (<source.ip>) for "
	     "<user.name>:"),
		&unauthorized},
	{SAY("auth failed on module <module> from <source.domain> (<source.ip>)"),
		&unauthorized},
	{SAY("rsync <file.path*> from <user.name>@<source.domain> (<source.ip>)"), &connected},
	{SAY("rsync <file.path*> from <source.domain> (<source.ip>)"), &connected},
	{SAY("sent <source.bytes> bytes"), &noted},
	{SAY("rsyncd version <version> starting"), &started},
};
static const struct sentence of_mountd[] = {
	{SAY("authenticated mount request from <source.ip>:<source.port> for <file.path*> ("),
		&mounted},
	{SAY("authenticated unmount request from <source.ip>:<source.port> for <file.path*> ("),
		&mounted},
	{SAY("refused mount request from <source.ip> for <file.path*> ("), &mounted_not},
	{SAY("Version <version> starting"), &started},
};
static const struct sentence of_xinetd[] = {
	{SAY("START: <service.name> pid=<process.pid> from=<source.ip>"), &connected},
	{SAY("START: <service.name> from=<source.ip>"), &connected},
	{SAY("EXIT: <service.name> "), &noted},
	{SAY("FAIL: <service.name> <event.reason> from=<source.ip>"), &refused},
	{SAY("xinetd Version <version> started"), &started},
	{SAY("Exiting..."), &stopped},
};
static const struct sentence of_keepalived[] = {
	{SAY("(<instance>) Entering MASTER STATE"), &network_noted},
	{SAY("(<instance>) Entering BACKUP STATE"), &network_noted},
	{SAY("(<instance>) Entering FAULT STATE"), &link_down},
	{SAY("VRRP_Instance(<instance>) Entering "), &network_noted},
	{SAY("Starting Keepalived <version>"), &started},
};

/* ---- which program says what ---------------------------------------------------------------
 */

#define DAEMONS(X)                                                                             \
	X("dhclient", of_dhclient)                                                             \
	X("dhcpd", of_dhcpd)                                                                   \
	X("systemd-networkd", of_networkd)                                                     \
	X("NetworkManager", of_network_manager)                                                \
	X("systemd-resolved", of_resolved)                                                     \
	X("systemd-timesyncd", of_timesyncd)                                                   \
	X("chronyd", of_chronyd)                                                               \
	X("ntpd", of_ntpd)                                                                     \
	X("smartd", of_smartd)                                                                 \
	X("mdadm", of_mdadm)                                                                   \
	X("polkitd", of_polkit)                                                                \
	X("polkit-agent-helper-1", of_polkit)                                                  \
	X("pkexec", of_pkexec)                                                                 \
	X("rsyslogd", of_rsyslogd)                                                             \
	X("rsyslogd-2007", of_rsyslogd)                                                        \
	X("rsyslog", of_rsyslogd)                                                              \
	X("systemd-journald", of_journald)                                                     \
	X("systemd-journal", of_journald)                                                      \
	X("dbus-daemon", of_dbus)                                                              \
	X("dbus", of_dbus)                                                                     \
	X("dbus-broker", of_dbus)                                                              \
	X("dbus-broker-launch", of_dbus)                                                       \
	X("logrotate", of_logrotate)                                                           \
	X("anacron", of_anacron)                                                               \
	X("cloud-init", of_cloud_init)                                                         \
	X("snapd", of_snapd)                                                                   \
	X("systemd-coredump", of_coredump)                                                     \
	X("systemd-modules-load", of_modules_load)                                             \
	X("apport", of_apport)                                                                 \
	X("setroubleshoot", of_setroubleshoot)                                                 \
	X("snmpd", of_snmpd)                                                                   \
	X("rsyncd", of_rsyncd)                                                                 \
	X("rpc.mountd", of_mountd)                                                             \
	X("mountd", of_mountd)                                                                 \
	X("xinetd", of_xinetd)                                                                 \
	X("Keepalived", of_keepalived)                                                         \
	X("Keepalived_vrrp", of_keepalived)

struct daemon {
	const char *program;
	const struct sentence *sentences;
	size_t n;
};

#define AS_DAEMON(program, sentences) {program, sentences, ARRAY_LEN(sentences)},
#define AS_NAME(program, sentences)   program,

static const struct daemon daemons[] = {DAEMONS(AS_DAEMON)};
static const char *const programs[] = {DAEMONS(AS_NAME) NULL};

/* "polkitd(authority=local)" is polkitd. */
static const struct daemon *find_daemon(struct slice program)
{
	program = slice_head(program, slice_find(program, '('));
	for (size_t i = 0; i < ARRAY_LEN(daemons); i++) {
		if (slice_eq(slice_str(daemons[i].program), program))
			return &daemons[i];
	}
	return NULL;
}

/* "<info>  [1772852400.1234] " of NetworkManager, "<warn> " of snapd's and others' wrappers */
static void take_level(struct record *record, struct parse_context *context, struct slice *text)
{
	struct slice rest = *text, level, stamp;

	if (!skip_byte(&rest, '<') || !take_until(&rest, '>', &level) || level.len > 7)
		return;
	skip_blanks(&rest);
	if (skip_byte(&rest, '[') && take_until(&rest, ']', &stamp))
		skip_blanks(&rest);
	put_some(record, context, FIELD_LOG_LEVEL, level);
	*text = rest;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	const struct daemon *daemon = find_daemon(context->program);
	struct slice text = context->message;

	if (daemon == NULL)
		return PARSED_NOT_MINE;
	take_level(record, context, &text);
	return sentence_read(record, context, daemon->sentences, daemon->n, slice_trim(text))
		       ? PARSED
		       : PARSED_NOT_MINE;
}

const struct parser parser_daemons = {
	.number = 42,
	.name = "daemons",
	.module = "daemons",
	.summary = "ordinary programs of a Linux server: DHCP, networks, time, disks, polkit, "
		   "D-Bus, rsyslogd, journald, anacron, snapd, ...",
	.source =
		"their sources: ISC DHCP, systemd, NetworkManager, chrony, ntp, smartmontools, "
		"mdadm, polkit, rsyslog, dbus, snapd, net-snmp, rsync, nfs-utils, xinetd",
	.programs = programs,
	.parse = parse,
};
