// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";

/// @title Holds the ERA behind prepaid credit, sets prices, and turns the gateway's counters into burnt and minted ERA.
/// @notice docs/protocol/fees.md is normative. Amounts are in wei of ERA; credit and fees are counted in units of 1e9 wei, hence every amount of
///         credit is a multiple of 1e9. Never called in a send or a delivery.
interface IFeeController {
    /// @notice What the sweeps of one destination burnt so far, to be minted there: net fees of messages, and bounties.
    struct Swept {
        uint128 net;
        uint128 bounties;
    }

    event CreditBought(address indexed payer, address indexed account, uint256 amount);
    event CreditWithdrawn(address indexed account, uint256 amount);
    event CreditSpent(address indexed account, address indexed payer, address indexed spender, uint256 amount);
    event BurntForGood(address indexed account, uint256 amount);
    /// @notice `toFund` was paid to the fund, `burntForGood + net + bounties` was burnt.
    event FeesSwept(uint256 indexed dstChainId, uint256 toFund, uint256 burntForGood, uint256 net, uint256 bounties);
    event EarningsWithdrawn(
        uint256 indexed serial,
        address indexed deliverer,
        uint256 forDeliverer,
        uint256 forGuardians
    );
    event FundChanged(address indexed fund);
    event GuardianPoolChanged(address indexed pool);

    error FeesInvalidWiring(address era, address gateway);
    error FeesInvalidAmount(uint256 amount);
    error FeesInvalidAccount(address account);
    /// @notice Neither the account's own credit nor its sponsor's, within the agreed limit, covers the amount.
    error FeesInsufficientCredit(address account, uint256 amount);
    error FeesInvalidFund(address fund);
    error FeesInvalidPool(address pool);

    /// @notice Sets access manager, fund and guardians' pool, once, in the transaction that creates the proxy.
    /// @dev Reverts {FeesInvalidFund} for zero, {FeesInvalidPool} for zero. The pool may be deployed later.
    function initialize(address authority, address fund, address guardianPool) external;

    /// @notice Takes `amount` ERA from the caller (allowance) and gives it to `account` as credit. Anyone.
    /// @dev Reverts {FeesInvalidAmount} for 0 or a remainder of 1e9, {FeesInvalidAccount} for zero, and as ERA's transferFrom. Emits {CreditBought}.
    function buyCredit(address account, uint256 amount) external;

    /// @notice {buyCredit} with an ERC-2612 permit of the caller. A permit that was used already does no harm if the allowance is there.
    /// @dev Reverts as {buyCredit}; a bad permit alone does not revert. Emits {CreditBought}.
    function buyCreditWithPermit(
        address account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Turns credit of the caller back into ERA. Anyone.
    /// @dev Reverts {FeesInvalidAmount}, and the gateway's GatewayInsufficientCredit. Emits {CreditWithdrawn}.
    function withdrawCredit(uint256 amount) external;

    /// @notice Takes credit of `account`, or of its sponsor within the agreed limit, and pays its ERA to the caller. Credit spenders: contracts that
    ///         charge their own callers for a service of the network, and nobody else.
    /// @dev Reverts AccessManagedUnauthorized, {FeesInvalidAmount}, {FeesInsufficientCredit}. Emits {CreditSpent}.
    /// @return payer whose credit it was
    function spendCredit(address account, uint256 amount) external returns (address payer);

    /// @notice Burns ERA of the caller (allowance) for good, so that the network's ledger counts it. Anyone.
    /// @dev Reverts as ERA's transferFrom. Emits {BurntForGood}.
    function burn(uint256 amount) external;

    /// @notice Settles what was charged for a destination since the last sweep: fund share to the fund, the rest burnt. Anyone.
    /// @dev Never reverts: with nothing charged, also for an unknown rollup, it changes nothing and emits nothing. Emits {FeesSwept}.
    function sweep(uint256 dstChainId) external;

    /// @notice Mints what `deliverer` earned under table `serial` to it, and the guardians' part to the pool. Anyone.
    /// @dev With nothing earned it changes nothing and emits nothing. Reverts as the pool, if that refuses fees. Emits {EarningsWithdrawn}.
    function withdraw(uint256 serial, address deliverer) external;

    /// @notice Sweeps, then sets prices of a destination. Governance, and {IPriceKeeper} within its bounds. Reverts as the gateway does.
    function setPrices(uint256 dstChainId, IMetalayerGateway.Prices calldata prices) external;

    /// @notice Sets the guardians' share (per mille) and the fee bucket's capacity (fee units) of a source. Administrator. Reverts as the gateway does.
    function setInboundTerms(uint256 srcChainId, uint256 guardianShare, uint256 feeCapacity) external;

    /// @notice Names who receives the fund shares. Administrator. Reverts {FeesInvalidFund} for zero and for this contract.
    function setFund(address fund) external;

    /// @notice Names where guardians' parts go. Administrator. Reverts {FeesInvalidPool} for an address without code.
    function setGuardianPool(address pool) external;

    /// @notice Who receives the fund shares.
    function fund() external view returns (address);
    /// @notice Where the guardians' parts go.
    function guardianPool() external view returns (address);
    /// @notice ERA that this contract must hold: credit not used, and charged but not swept. Its balance is never less.
    function held() external view returns (uint256);
    /// @notice Burnt here as burn share of fees or by {burn}, since deployment.
    function burntForGood() external view returns (uint256);
    /// @notice What sweeps burnt here to be minted at a destination, since deployment.
    function swept(uint256 dstChainId) external view returns (Swept memory);
    /// @notice Minted here to deliverers and to the guardians' pool, since deployment.
    function minted() external view returns (uint256);
    /// @notice Minted to the guardians' pool for a table, since deployment.
    function guardianFees(uint256 serial) external view returns (uint256);
}
