/* version: of the product, and the build id both programs compare in HELLO. */
#ifndef JN_VERSION_H
#define JN_VERSION_H

#define JAILNET_VERSION "0.1.0"
/* Change it with any change of the wire format: programs of different builds must not talk. */
#define JAILNET_BUILD JAILNET_VERSION "-5"

#endif
