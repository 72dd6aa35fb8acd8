// SPDX-License-Identifier: MIT
// The one alias header for intrusive containers (Boost.Intrusive, header-only, freestanding). An element
// derives from ListHook<Tag>; it can be on one list per tag. Lists do not own their elements.
#pragma once

#ifndef BOOST_DISABLE_ASSERTS
#define BOOST_DISABLE_ASSERTS   // they call the C library
#endif
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/rbtree.hpp>

namespace xen {

struct DefaultTag;

template <class Tag = DefaultTag>
using ListHook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                                  boost::intrusive::link_mode<boost::intrusive::normal_link>>;
template <class T, class Tag = DefaultTag>
using List = boost::intrusive::list<T, boost::intrusive::base_hook<ListHook<Tag>>,
                                    boost::intrusive::constant_time_size<false>>;

template <class Tag = DefaultTag>
using TreeHook = boost::intrusive::set_base_hook<boost::intrusive::tag<Tag>,
                                                 boost::intrusive::link_mode<boost::intrusive::normal_link>>;
template <class T, class Compare, class Tag = DefaultTag>
using Tree = boost::intrusive::rbtree<T, boost::intrusive::base_hook<TreeHook<Tag>>,
                                      boost::intrusive::compare<Compare>,
                                      boost::intrusive::constant_time_size<false>>;

}  // namespace xen
