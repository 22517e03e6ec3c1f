echo "$@" > told
