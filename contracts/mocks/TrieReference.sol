// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The packed proofs of docs/protocol/proofs.md §3 in plain Solidity, written from that page and for clarity alone.
library TrieReference {
    error Malformed();

    struct Reader {
        bytes data;
        uint256 offset;
    }

    /// @notice Root that a part proves, and the string that the trie holds under the path (empty for absence). Reverts if it is malformed.
    function root(bytes32 path, bool isAccount, bytes memory part) internal pure returns (bytes32, bytes memory value) {
        Reader memory r = Reader(part, 0);
        uint256 kind = _byte(r);
        uint256 depth = _byte(r);
        _require(depth <= 64);
        bytes memory node;
        if (kind == 0) {
            value = isAccount ? _account(r) : _integer(r, 32);
            _require(isAccount || value.length > 1 || uint8(value[0]) != 0x80);
            node = _leaf(path, depth, value);
        } else if (kind == 1) {
            node = hex"80";
        } else if (kind == 2) {
            bytes32 other = bytes32(_take(r, 32));
            bytes memory held = _take(r, _byte(r));
            _require(held.length >= 1 && held.length <= 110 && _common(path, other) >= depth && other != path);
            node = _leaf(other, depth, held);
        } else {
            _require(kind == 3);
            node = _away(path, depth, r);
        }
        while (depth > 0) (node, depth) = _step(path, depth, node, r);
        _require(r.offset == part.length);
        return (keccak256(node), value);
    }

    function _step(
        bytes32 path,
        uint256 depth,
        bytes memory node,
        Reader memory r
    ) private pure returns (bytes memory, uint256) {
        uint256 tag = _byte(r);
        if (tag == 2) {
            uint256 count = _byte(r);
            _require(count >= 1 && count <= depth && node.length > 1);
            return (_extension(path, depth - count, count, _reference(node)), depth - count);
        }
        _require(tag < 2);
        uint256 hashes = uint16(bytes2(_take(r, 2)));
        uint256 inlines = tag == 1 ? uint16(bytes2(_take(r, 2))) : 0;
        _require(tag == 0 || inlines != 0);
        bytes memory children;
        for (uint256 i = 0; i < 16; ++i) {
            bool isHash = (hashes >> i) & 1 == 1;
            bool isInline = (inlines >> i) & 1 == 1;
            if (i == _nibble(path, depth - 1)) {
                _require(!isHash && !isInline);
                children = bytes.concat(children, _reference(node));
                continue;
            }
            _require(!isHash || !isInline);
            if (isHash) children = bytes.concat(children, hex"a0", _take(r, 32));
            else children = bytes.concat(children, isInline ? _inline(r, _byte(r)) : bytes(hex"80"));
        }
        return (_list(bytes.concat(children, hex"80")), depth - 1);
    }

    function _away(bytes32 path, uint256 depth, Reader memory r) private pure returns (bytes memory) {
        bytes32 other = bytes32(_take(r, 32));
        uint256 count = _byte(r);
        _require(count >= 1 && depth + count <= 63);
        uint256 common = _common(path, other);
        _require(common >= depth && common < depth + count);
        for (uint256 i = depth + count; i < 64; ++i) _require(_nibble(other, i) == 0);
        uint256 first = _byte(r);
        bytes memory child = first == 0xa0 ? bytes.concat(hex"a0", _take(r, 32)) : _inline(r, first);
        return _extension(other, depth, count, child);
    }

    function _inline(Reader memory r, uint256 first) private pure returns (bytes memory) {
        _require(first >= 0xc1 && first <= 0xc0 + 30);
        return bytes.concat(bytes1(uint8(first)), _take(r, first - 0xc0));
    }

    function _account(Reader memory r) private pure returns (bytes memory) {
        bytes memory nonce = _integer(r, 8);
        bytes memory balance = _integer(r, 32);
        bytes memory roots = bytes.concat(_string(_take(r, 32)), _string(_take(r, 32)));
        return _list(bytes.concat(nonce, balance, roots));
    }

    function _integer(Reader memory r, uint256 most) private pure returns (bytes memory) {
        bytes memory digits = _take(r, _byte(r));
        _require(digits.length <= most && (digits.length == 0 || digits[0] != 0));
        return _string(digits);
    }

    function _leaf(bytes32 path, uint256 depth, bytes memory value) private pure returns (bytes memory) {
        return _list(bytes.concat(_string(_hexPrefix(path, depth, 64 - depth, 2)), _string(value)));
    }

    function _extension(
        bytes32 path,
        uint256 depth,
        uint256 count,
        bytes memory child
    ) private pure returns (bytes memory) {
        return _list(bytes.concat(_string(_hexPrefix(path, depth, count, 0)), child));
    }

    function _hexPrefix(
        bytes32 path,
        uint256 from,
        uint256 count,
        uint256 flag
    ) private pure returns (bytes memory result) {
        bool odd = count % 2 == 1;
        uint256 first = odd ? (flag + 1) * 16 + _nibble(path, from) : flag * 16;
        result = bytes.concat(bytes1(uint8(first)));
        for (uint256 i = from + (odd ? 1 : 0); i < from + count; i += 2) {
            result = bytes.concat(result, bytes1(uint8(_nibble(path, i) * 16 + _nibble(path, i + 1))));
        }
    }

    function _reference(bytes memory node) private pure returns (bytes memory) {
        return node.length < 32 ? node : bytes.concat(hex"a0", keccak256(node));
    }

    function _string(bytes memory content) private pure returns (bytes memory) {
        if (content.length == 1 && uint8(content[0]) < 0x80) return content;
        return bytes.concat(_prefix(0x80, content.length), content);
    }

    function _list(bytes memory items) private pure returns (bytes memory) {
        return bytes.concat(_prefix(0xc0, items.length), items);
    }

    function _prefix(uint256 base, uint256 length) private pure returns (bytes memory) {
        if (length < 56) return bytes.concat(bytes1(uint8(base + length)));
        if (length < 256) return bytes.concat(bytes1(uint8(base + 56)), bytes1(uint8(length)));
        return bytes.concat(bytes1(uint8(base + 57)), bytes2(uint16(length)));
    }

    /// @dev Length of the common beginning of two paths, in nibbles.
    function _common(bytes32 a, bytes32 b) private pure returns (uint256 count) {
        while (count < 64 && _nibble(a, count) == _nibble(b, count)) ++count;
    }

    function _nibble(bytes32 path, uint256 index) private pure returns (uint256) {
        uint8 pair = uint8(path[index / 2]);
        return index % 2 == 0 ? pair / 16 : pair % 16;
    }

    function _byte(Reader memory r) private pure returns (uint256) {
        return uint8(_take(r, 1)[0]);
    }

    function _take(Reader memory r, uint256 count) private pure returns (bytes memory result) {
        _require(r.offset + count <= r.data.length);
        result = new bytes(count);
        for (uint256 i = 0; i < count; ++i) result[i] = r.data[r.offset + i];
        r.offset += count;
    }

    function _require(bool condition) private pure {
        if (!condition) revert Malformed();
    }
}
