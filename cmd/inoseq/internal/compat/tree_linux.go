package compat

import "errors"

func newTrees(what watching) (source, error) { return nil, errors.ErrUnsupported }
