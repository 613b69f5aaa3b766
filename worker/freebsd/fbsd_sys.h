/* fbsd_sys: system headers that use struct names of core/ for something else; theirs get the prefix sys_. */
#ifndef JN_FBSD_SYS_H
#define JN_FBSD_SYS_H

#define ip sys_ip
#define jail sys_jail
#define route sys_route
#include <sys/param.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <sys/sockio.h>
#include <sys/jail.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_types.h>
#include <net/route.h>
#include <netinet/in.h>
#undef ip
#undef jail
#undef route

#endif
