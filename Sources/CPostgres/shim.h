#ifndef ML_CONNECTOR_CPOSTGRES_SHIM_H
#define ML_CONNECTOR_CPOSTGRES_SHIM_H
#include <libpq-fe.h>
#endif
